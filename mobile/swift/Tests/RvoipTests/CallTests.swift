import Foundation
import XCTest

@testable import Rvoip

final class CallTests: XCTestCase {
    func testKeyPressesAndTextsArriveInACall() async throws {
        try await Pair.with { pair in
            let (outgoing, incoming) = try await pair.connect()
            try await outgoing.sendDtmf(digits: "12#")
            let digits = try await incoming.collectDigits(count: 3, within: 10)
            XCTAssertEqual(digits, "12#")
            let events = incoming.events()
            try await outgoing.message(text: "hello")
            for try await event in events {
                if case .messageReceived(_, let call, _, _, let text) = event {
                    XCTAssertEqual(text, "hello")
                    XCTAssertEqual(call, incoming.key())
                    break
                }
            }
        }
    }

    func testHoldingIsSeenByBothSides() async throws {
        try await Pair.with { pair in
            let (outgoing, incoming) = try await pair.connect()
            let events = incoming.events()
            try await outgoing.hold()
            XCTAssertEqual(outgoing.info()?.heldByUs, true)
            for try await event in events {
                if case .holdChanged(_, _, let heldByPeer) = event, heldByPeer {
                    break
                }
            }
            try await outgoing.resume()
            XCTAssertEqual(outgoing.info()?.state, .connected)
        }
    }

    func testARefusedCallEndsInAnErrorWithTheStatus() async throws {
        try await Pair.with { pair in
            let outgoing = try await pair.caller.call(to: pair.to)
            try await incomingCall(of: pair.bob).reject(status: 486)
            let error = try await failure { try await outgoing.answered() }
            XCTAssertEqual(error.kind, .rejected)
            XCTAssertEqual(error.status, 486)
            XCTAssertFalse(error.reason.isEmpty)
        }
    }

    func testTheStoryOfACallIsToldInOrderToItsEnd() async throws {
        try await Pair.with { pair in
            let (outgoing, incoming) = try await pair.connect()
            let events = outgoing.events()
            try await outgoing.hangUp()
            let cause = try await incoming.ended()
            XCTAssertEqual(cause, .remoteHangUp)
            try await pair.alice.shutdown()
            var states: [CallState] = []
            for try await event in events {
                if case .callStateChanged(_, _, let state, _) = event {
                    states.append(state)
                }
            }
            XCTAssertEqual(states.last, .ended)
        }
    }

    func testSoundIsPlayedAndRecorded() async throws {
        try await Pair.with { pair in
            let (outgoing, incoming) = try await pair.connect()
            let file = FileManager.default.temporaryDirectory.appendingPathComponent("rvoip-\(UUID().uuidString).wav")
            defer { try? FileManager.default.removeItem(at: file) }
            try await incoming.record(to: file)
            try await outgoing.play(source: .tone(tone: .sine(hertz: 700)))
            try await Task.sleep(nanoseconds: 1_000_000_000)
            try await incoming.stopRecording()
            XCTAssertGreaterThan(try Data(contentsOf: file).count, 8_000)
        }
    }

    func testAProgramSpeaksAndHearsByFrames() async throws {
        try await Pair.with { pair in
            let (outgoing, incoming) = try await pair.connect()
            try await outgoing.play(source: .frames)
            try await incoming.record(sink: .frames)
            try await outgoing.writeFrames(samples: [Int16](repeating: 1_000, count: 1_600))
            let heard = try await incoming.readFrames()
            XCTAssertFalse(heard.isEmpty)
        }
    }
}
