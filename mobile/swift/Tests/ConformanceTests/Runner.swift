import Foundation

@testable import Rvoip

/// Something is not as the scenario says.
struct Differs: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A verb under way.
final class Kept: @unchecked Sendable {
    private let lock = NSLock()
    private var outcome: Result<Json, RvoipError>?
    private var task: Task<Void, Never>?

    init(_ verb: @escaping Verb) {
        task = Task {
            do {
                self.finish(.success(json(try await verb())))
            } catch let error as RvoipError {
                self.finish(.failure(error))
            } catch {
            }
        }
    }

    private func finish(_ result: Result<Json, RvoipError>) {
        lock.lock()
        defer { lock.unlock() }
        outcome = result
    }

    /// What it came to; nil while it is under way.
    var result: Result<Json, RvoipError>? {
        lock.lock()
        defer { lock.unlock() }
        return outcome
    }

    func cancel() async {
        task?.cancel()
        await task?.value
    }
}

/// Longer than any deadline for closing, and than any transaction lives.
private let untilClosed = 3_600.0

/// Runs one scenario; gives why it was skipped, or nil.
func run(_ scenario: Json) async throws -> String? {
    try allow(scenario, ["shows", "config", "needs", "lacks", "accounts", "steps", "fails_with"])
    let harness = Harness(seed: 1)
    let config = try clientConfigOf(json: (scenario["config"] ?? .object([:])).description)
    let client = try harness.client(config: config)
    let capabilities = json(client.capabilities())
    for need in scenario["needs"]?.array ?? [] {
        if capabilities[need.string ?? ""] != .flag(true) {
            return "this face has no \(need)"
        }
    }
    for more in scenario["lacks"]?.array ?? [] {
        if capabilities[more.string ?? ""] != .flag(false) {
            return "this face has \(more)"
        }
    }
    try await Run(harness, client).perform(scenario)
    return nil
}

private func allow(_ step: Json, _ names: [String]) throws {
    for name in step.fields.keys.sorted() where !names.contains(name) {
        throw Differs("unknown step: \(name) in \(step)")
    }
}

private final class Run {
    private let harness: Harness
    private let client: Client
    private var listeners: [String: Events]
    /// The listeners of which a step took something.
    private var read: Set<String> = []
    private var keys: [String: UInt32] = [:]
    private var accounts: Set<String> = []
    private var kept: [String: Kept] = [:]

    init(_ harness: Harness, _ client: Client) {
        self.harness = harness
        self.client = client
        listeners = ["client": client.events()]
    }

    func perform(_ scenario: Json) async throws {
        // In the order of the names, as every runner does it: the keys depend on it.
        for (name, config) in (scenario["accounts"]?.fields ?? [:]).sorted(by: { $0.key < $1.key }) {
            let result = try await settled(start(try verb("add_account", client: client, args: config)))
            guard case .success(.number(let key)) = result else {
                throw Differs("the account \(name) cannot be added")
            }
            keys[name] = UInt32(key)
            accounts.insert(name)
        }
        for (index, step) in (scenario["steps"]?.array ?? []).enumerated() {
            do {
                try await take(step)
            } catch let error as Differs {
                throw Differs("step \(index + 1): \(step): \(error)")
            } catch let error as RvoipError {
                throw Differs("step \(index + 1): \(step): \(error)")
            }
        }
        _ = try harness.peer(step: "{\"quiet\": true}")
        try nothingIsLeft()
        try await end()
    }

    /// Gives up what is under way, closes the client, and looks what is left of it: nothing.
    private func end() async throws {
        for verb in kept.values {
            await verb.cancel()
        }
        kept = [:]
        let client = self.client
        let closing = try await start({ try await client.shutdown() })
        try harness.advance(by: untilClosed)
        if try await settled(closing) == nil {
            throw Differs("at the end: the client does not close")
        }
        let (live, waiting) = try (client.live(), harness.counts().waiting)
        if live != 0 || waiting != 0 {
            throw Differs("at the end: the client is closed, but \(live) things live and \(waiting) commands wait")
        }
    }

    /// Begins a verb; its command is on its way when this returns.
    private func start(_ verb: @escaping Verb) async throws -> Kept {
        let before = harness.submitted()
        let begun = Kept(verb)
        while begun.result == nil && harness.submitted() == before {
            await Task.yield()
        }
        return begun
    }

    /// What a verb came to; nil while it is under way, which is when every verb that has no result is counted as waiting.
    private func settled(_ verb: Kept) async throws -> Result<Json, RvoipError>? {
        try harness.advance(by: 0)
        while verb.result == nil {
            let others = kept.values.filter { $0 !== verb && $0.result == nil }
            if try harness.counts().waiting > UInt32(others.count) {
                return nil
            }
            await Task.yield()
        }
        return verb.result
    }

    private func key(_ name: String) throws -> UInt32 {
        guard let key = keys[name] else {
            throw Differs("nothing has the name \(name)")
        }
        return key
    }

    /// What a verb is carried out on: a name, or a key, which need not be of anything.
    private func target(_ step: Json) throws -> UInt32 {
        if let number = step["on"]?.double {
            return UInt32(number)
        }
        return try key(step["on"]?.string ?? "")
    }

    private func take(_ step: Json) async throws {
        let names = step.fields
        if names["do"] != nil {
            try await begin(step)
        } else if let name = names["await"]?.string {
            try await awaited(step, name)
        } else if let name = names["cancel"]?.string {
            try allow(step, ["cancel"])
            guard let verb = kept.removeValue(forKey: name) else {
                throw Differs("nothing is under way as \(name)")
            }
            await verb.cancel()
            try harness.advance(by: 0)
        } else if let peer = names["peer"] {
            try allow(step, ["peer", "times"])
            for _ in 0..<Int(names["times"]?.double ?? 1) {
                _ = try harness.peer(step: peer.description)
            }
        } else if let time = names["advance"]?.double {
            try allow(step, ["advance"])
            try harness.advance(by: time / 1_000)
        } else if names["events"] != nil {
            try events(step)
        } else if let name = names["listen"]?.string {
            try allow(step, ["listen", "to"])
            listeners[name] = try listener(names["to"]?.string ?? "")
        } else if let expected = names["counts"] {
            try allow(step, ["counts"])
            try counts(expected)
        } else {
            throw Differs("unknown step: \(step)")
        }
    }

    private func listener(_ name: String) throws -> Events {
        if name == "client" {
            return client.events()
        }
        let key = try key(name)
        return accounts.contains(name) ? client.accountByKey(key: key).events() : client.call(key: key).events()
    }

    private func begin(_ step: Json) async throws {
        try allow(step, ["do", "on", "args", "as", "bind", "returns", "fails", "pending"])
        let words = (step["do"]?.string ?? "").split(separator: ".", maxSplits: 1).map { String($0) }
        let (thing, name) = (words.first ?? "", words.last ?? "")
        let args = step["args"] ?? .object([:])
        let begun: Kept
        switch thing {
        case "client" where name == "open":
            begun = try await start(try opening(harness, config: args))
        case "client":
            begun = try await start(try verb(name, client: client, args: args))
        case "account":
            let account = client.accountByKey(key: try target(step))
            begun = try await start(try verb(name, account: account, args: args))
        case "call":
            let call = client.call(key: try target(step))
            begun = try await start(try verb(name, call: call, args: args))
        default:
            throw Differs("unknown step: there is nothing that is called \(thing)")
        }
        let result = try await settled(begun)
        if let name = step["bind"]?.string, case .success(.number(let key)) = result {
            keys[name] = UInt32(key)
        }
        guard let name = step["as"]?.string else {
            return try compare(step, result)
        }
        if step["pending"]?.bool == true && result != nil {
            throw Differs("it should be under way, but it is complete")
        }
        kept[name] = begun
    }

    private func awaited(_ step: Json, _ name: String) async throws {
        try allow(step, ["await", "returns", "fails", "pending"])
        guard let verb = kept[name] else {
            throw Differs("nothing is under way as \(name)")
        }
        let result = try await settled(verb)
        if result != nil {
            kept.removeValue(forKey: name)
        }
        try compare(step, result)
    }

    private func compare(_ expected: Json, _ result: Result<Json, RvoipError>?) throws {
        let pending = expected["pending"]?.bool == true
        guard let result = result else {
            if pending {
                return
            }
            throw Differs("it should be complete, but it is under way")
        }
        if pending {
            throw Differs("it should be under way, but it is complete")
        }
        switch result {
        case .success(let got):
            if expected["fails"] != nil {
                throw Differs("it should fail, but it completed with \(got)")
            }
            if let wanted = expected.fields["returns"], !fits(wanted, got, keys) {
                throw Differs("it should give \(wanted), but it gives \(got)")
            }
        case .failure(let error):
            let got = Json.object([
                "kind": json(error.kind), "status": json(error.status as Any), "reason": .text(error.reason),
            ])
            guard let wanted = expected["fails"] else {
                throw Differs("it should complete, but it failed: \(got)")
            }
            if !fits(wanted, got, keys) {
                throw Differs("it should fail with \(wanted), but it fails with \(got)")
            }
        }
    }

    private func heard(by name: String) throws -> [Json] {
        try harness.advance(by: 0)
        guard let listener = listeners[name] else {
            throw Differs("nobody listens as \(name)")
        }
        return listener.take().map { json($0) }
    }

    private func events(_ step: Json) throws {
        try allow(step, ["events", "of", "bind"])
        let name = step["of"]?.string ?? "client"
        let got = try heard(by: name)
        read.insert(name)
        if let bind = step["bind"]?.string {
            guard let call = got.compactMap({ $0["call"]?.double }).first else {
                throw Differs("none of the events is about a call")
            }
            keys[bind] = UInt32(call)
        }
        let expected = step["events"]?.array ?? []
        for (index, wanted) in expected.enumerated() {
            guard index < got.count, fits(wanted, got[index], keys) else {
                throw Differs("expected the event \(wanted), but there came \(got)")
            }
        }
        if got.count > expected.count {
            throw Differs("an event came that was not expected: \(got[expected.count])")
        }
    }

    /// A listener that is read holds no event that no step took.
    private func nothingIsLeft() throws {
        for name in read.sorted() {
            if let event = try heard(by: name).first {
                throw Differs("at the end: \(name) heard an event that no step took: \(event)")
            }
        }
    }

    private func counts(_ expected: Json) throws {
        try allow(expected, ["events", "waiting", "submitted", "live"])
        let counts = try harness.counts()
        let got = Json.object([
            "events": json(counts.events), "waiting": json(counts.waiting),
            "submitted": json(harness.submitted()), "live": json(client.live()),
        ])
        if !fits(expected, got, keys) {
            throw Differs("expected \(expected), but there are \(got)")
        }
    }
}
