"""That the check finds what is wrong, and nothing else."""

import unittest

from check import check
from source import Source

GENERATED = """
public class Client {
    public static func `open`(config: CallKey? = nil) async throws -> Client { }
}
open class Call: Sendable {
    open func answer() async throws { }
    open func collectDigits(count: UInt32, within: TimeInterval) async throws -> String { return "" }
    open func info() -> CallInfo? { return nil }
    open func play(source: AudioSource) async throws { }
}
public struct CallInfo: Equatable {
    public var muted: Bool
    public var state: CallState
    public init(
        /** doc */muted: Bool, state: CallState = .ringing) { }
}
public enum CallState: Equatable {
    case ringing
    case ended
}
public enum AudioSource: Equatable {
    case echo
    case file(
        /** doc */path: String, `repeat`: Bool = false)
}
public enum RvoipError: Swift.Error {
    case Busy(reason: String, status: UInt16?)
}
public typealias CallKey = UInt32
public func kindOf(error: RvoipError) -> CallState { }
"""

GOOD = """
extension Call {
    func more(_ body: (Call) async throws -> Void) async throws { }
}
func use(call: Call, key: CallKey) async throws -> Bool {
    try await call.answer()
    let digits = try await call.collectDigits(count: 4, within: 10)
    try await call.play(source: .file(path: digits))
    try await call.more { other in
        try await other.answer()
    }
    switch call.info()?.state {
    case .ringing: break
    default: break
    }
    do {
        try await call.play(source: .echo)
    } catch RvoipError.Busy(let reason, let status) {
    }
    _ = try await Client.open()
    let info = CallInfo(muted: true)
    return info.muted
}
"""

# What is written wrongly, and what is then found.
MISTAKES = [
    ("try await call.answer()\n    let", "try await call.answr()\n    let", "Call has no member answr"),
    ("collectDigits(count: 4, within: 10)", "collectDigits(count: 4, timeout: 10)", "collectDigits(count:timeout:)"),
    ("collectDigits(count: 4, within: 10)", "collectDigits(within: 10, count: 4)", "collectDigits(within:count:)"),
    ("collectDigits(count: 4, within: 10)", "collectDigits(count: 4)", "collectDigits(count:)"),
    ("call: Call, key", "call: Cal, key", "no type Cal"),
    ("key: CallKey", "key: CallId", "no type CallId"),
    (".file(path: digits)", ".clip(path: digits)", "no case clip"),
    (".file(path: digits)", ".file(name: digits)", "case file(name:) has other values"),
    (".file(path: digits)", ".ringing", "AudioSource has no case ringing"),
    ("case .ringing: break", "case .silent: break", "no enum has a case silent"),
    ("RvoipError.Busy(let reason, let status)", "RvoipError.Busy(let reason, let status, let more)", "has not 3 values"),
    ("RvoipError.Busy(", "RvoipError.Idle(", "no enum has a case Idle"),
    ("info.muted", "info.mute", "CallInfo has no member mute"),
    ("CallInfo(muted: true)", "CallInfo(quiet: true)", "CallInfo(quiet:)"),
    ("try await other.answer()", "try await other.anser()", "Call has no member anser"),
    ("try await other.answer()", "try other.answer()", "answer needs `await`"),
    ("let digits = try await", "let digits = await", "collectDigits needs `try`"),
    ("try await Client.open()", "Client.open()", "open needs `await`"),
    ("Client.open()", "Client.open(settings: 1)", "open(settings:)"),
    ("CallInfo(muted", "CallFacts(muted", "no function CallFacts"),
    ("func use(", "func use((", "does not parse"),
]


class CheckTest(unittest.TestCase):
    def findings(self, text: str) -> list[str]:
        return check(Source.parse("Generated.swift", GENERATED), [Source.parse("a.swift", text)])

    def test_what_is_right_is_left_alone(self) -> None:
        self.assertEqual(self.findings(GOOD), [])

    def test_every_mistake_is_found(self) -> None:
        for right, wrong, finding in MISTAKES:
            with self.subTest(wrong):
                self.assertIn(right, GOOD)
                found = self.findings(GOOD.replace(right, wrong, 1))
                self.assertTrue(any(finding in one for one in found), f"{finding}: {found}")

    def test_a_generated_file_that_does_not_parse_is_found(self) -> None:
        broken = Source.parse("Generated.swift", GENERATED + "\nfunc (")
        self.assertTrue(check(broken, []))


if __name__ == "__main__":
    unittest.main()
