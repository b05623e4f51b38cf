import Foundation
import XCTest

@testable import Rvoip

/// What a test waited for in vain.
enum Missing: Error {
    case event
    case error
}

/// Two clients in this process, on the loopback interface.
struct Pair {
    let alice: Client
    let bob: Client
    let caller: Account
    let called: Account
    let to: String

    static func with(_ body: @escaping (Pair) async throws -> Void) async throws {
        try await Client.with(loopback()) { alice in
            try await Client.with(loopback()) { bob in
                let caller = try await alice.addAccount(config: AccountConfig(address: "sip:alice@127.0.0.1"))
                let called = try await bob.addAccount(config: AccountConfig(address: "sip:bob@127.0.0.1"))
                let to = "sip:bob@\(try await address(of: bob))"
                try await body(Pair(alice: alice, bob: bob, caller: caller, called: called, to: to))
            }
        }
    }

    /// A call that bob answered.
    func connect() async throws -> (outgoing: Call, incoming: Call) {
        let outgoing = try await caller.call(to: to)
        let incoming = try await incomingCall(of: bob)
        try await incoming.answer()
        try await outgoing.answered()
        return (outgoing, incoming)
    }
}

/// The settings of a client on the loopback interface.
func loopback() -> ClientConfig {
    var config = defaultConfig()
    config.binds = [Bind(transport: .udp, address: "127.0.0.1:0")]
    config.media.rtpPorts = Ports(first: 34_000, last: 38_000)
    return config
}

/// Where a client takes SIP messages.
func address(of client: Client) async throws -> String {
    for try await event in client.events() {
        if case .listening(_, let address) = event {
            return address
        }
    }
    throw Missing.event
}

/// The next incoming call of a client.
func incomingCall(of client: Client) async throws -> Call {
    for try await event in client.events() {
        if case .incomingCall(let call, _, _, _, _) = event {
            return client.call(key: call)
        }
    }
    throw Missing.event
}

/// The error that a block throws.
func failure(_ body: () async throws -> Void) async throws -> RvoipError {
    do {
        try await body()
    } catch let error as RvoipError {
        return error
    }
    throw Missing.error
}
