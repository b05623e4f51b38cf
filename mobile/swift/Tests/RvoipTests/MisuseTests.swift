import Foundation
import XCTest

@testable import Rvoip

final class MisuseTests: XCTestCase {
    func testWhatCannotBeUsedIsRefused() async throws {
        try await Pair.with { pair in
            let noAddress = try await failure {
                _ = try await pair.alice.addAccount(config: AccountConfig(address: "no address"))
            }
            XCTAssertEqual(noAddress.kind, .invalidArgument)
            let (outgoing, _) = try await pair.connect()
            let noDigits = try await failure { try await outgoing.sendDtmf(digits: "x") }
            XCTAssertEqual(noDigits.kind, .invalidArgument)
            let noFile = try await failure { try await outgoing.play(URL(fileURLWithPath: "no such file.wav")) }
            XCTAssertEqual(noFile.kind, .fileFailed)
            XCTAssertEqual(outgoing.info()?.state, .connected)
        }
    }

    func testAPasswordIsNotShown() {
        let config = AccountConfig(address: "sip:alice:hunter2@example.com", password: "hunter2")
        var dumped = ""
        dump(config, to: &dumped)
        for shown in ["\(config)", String(reflecting: config), "\([config])", dumped] {
            XCTAssertFalse(shown.contains("hunter2"), shown)
        }
        XCTAssertEqual(config.password, "hunter2")
    }

    func testAnEndedClientSaysSo() async throws {
        let client = try await Client.open(config: loopback())
        let account = try await client.addAccount(config: AccountConfig(address: "sip:alice@127.0.0.1"))
        try await client.shutdown()
        try await client.shutdown()
        let error = try await failure { _ = try await account.call(to: "sip:bob@127.0.0.1:9") }
        XCTAssertEqual(error.kind, .closed)
    }

    func testACancelledTaskWithdrawsItsCommand() async throws {
        try await Pair.with { pair in
            let (outgoing, incoming) = try await pair.connect()
            let first = Task { try await incoming.collectDigits(count: 4, within: 60) }
            try await Task.sleep(nanoseconds: 200_000_000)
            let busy = try await failure { _ = try await incoming.collectDigits(count: 1, within: 60) }
            XCTAssertEqual(busy.kind, .busy)
            first.cancel()
            do {
                _ = try await first.value
                XCTFail("a cancelled wait gave a value")
            } catch is CancellationError {
            }
            try await outgoing.sendDtmf(digits: "7")
            let digits = try await incoming.collectDigits(count: 1, within: 10)
            XCTAssertEqual(digits, "7")
        }
    }

    func testACancelledLoopLosesNoEvent() async throws {
        try await Pair.with { pair in
            let (outgoing, incoming) = try await pair.connect()
            let events = incoming.events()
            let loop = Task { () -> [String] in
                var seen: [String] = []
                do {
                    for try await event in events {
                        if case .messageReceived(_, _, _, _, let text) = event {
                            seen.append(text)
                        }
                    }
                } catch is CancellationError {
                }
                return seen
            }
            try await outgoing.message(text: "a")
            loop.cancel()
            try await outgoing.message(text: "b")
            var texts = try await loop.value
            while texts.count < 2, let event = try await events.next() {
                if case .messageReceived(_, _, _, _, let text) = event {
                    texts.append(text)
                }
            }
            XCTAssertEqual(texts, ["a", "b"])
        }
    }
}
