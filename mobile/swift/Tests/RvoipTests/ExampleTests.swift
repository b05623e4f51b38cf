import Foundation
import XCTest

@testable import Rvoip

func place(alice: String, password: String, bob: String) async throws -> String {
    // begin: readme
    try await Client.with { client in
        let account = try await client.register(config: AccountConfig(address: alice, password: password))
        let call = try await account.call(to: bob)
        try await call.answered()
        try await call.play(URL(fileURLWithPath: "hello.wav"))
        let digits = try await call.collectDigits(count: 4, within: 10)
        try await call.hangUp()
        return digits
    }
    // end: readme
}

// begin: events
func answerEverybody(client: Client) async throws -> [String] {
    var texts: [String] = []
    for try await event in client.events() {
        switch event {
        case .incomingCall(let call, _, _, _, _):
            try await client.call(key: call).answer()
        case .messageReceived(_, _, let from, _, let text):
            texts.append("\(from): \(text)")
        default:
            break
        }
    }
    return texts
}
// end: events

// begin: errors
func status(account: Account, to: String) async throws -> String {
    do {
        try await account.call(to: to).answered()
        return "connected"
    } catch RvoipError.Rejected(let reason, let status) {
        return "refused with \(status ?? 0): \(reason)"
    } catch let error as RvoipError {
        return "failed as \(error.kind): \(error.reason)"
    }
}
// end: errors

final class ExampleTests: XCTestCase {
    func testTheExampleOfEventsAnswersCallsAndCollectsTexts() async throws {
        try await Pair.with { pair in
            let texts = Task { try await answerEverybody(client: pair.bob) }
            let call = try await pair.caller.call(to: pair.to)
            try await call.answered()
            try await call.message(text: "hello")
            try await call.hangUp()
            try await pair.bob.shutdown()
            let collected = try await texts.value
            XCTAssertEqual(collected, ["sip:alice@127.0.0.1: hello"])
        }
    }

    func testTheExampleOfErrorsTellsWhy() async throws {
        try await Pair.with { pair in
            let told = Task { try await status(account: pair.caller, to: pair.to) }
            try await incomingCall(of: pair.bob).reject(status: 603)
            let text = try await told.value
            XCTAssertTrue(text.hasPrefix("refused with 603"))
        }
    }
}
