import Foundation

@testable import Rvoip

/// A verb of Swift's public interface, with its arguments.
typealias Verb = @Sendable () async throws -> Any

private func argument(_ args: Json, _ name: String) throws -> Json {
    guard let value = args[name] else {
        throw Differs("the argument \(name) is missing")
    }
    return value
}

private func text(_ args: Json, _ name: String) throws -> String {
    try argument(args, name).string ?? ""
}

private func number(_ args: Json, _ name: String) throws -> Double {
    try argument(args, name).double ?? 0
}

/// Another client, which is given up at once.
func opening(_ harness: Harness, config: Json) throws -> Verb {
    let config = try clientConfigOf(json: config.description)
    return { _ = try harness.client(config: config) }
}

func verb(_ name: String, client: Client, args: Json) throws -> Verb {
    switch name {
    case "add_account":
        let config = try accountConfigOf(json: args.description)
        return { try await client.addAccount(config: config).key() }
    case "register":
        let config = try accountConfigOf(json: args.description)
        return { try await client.register(config: config).key() }
    case "close": return { try await client.shutdown() }
    case "capabilities": return { client.capabilities() }
    case "live": return { client.live() }
    default: throw Differs("there is no verb client.\(name)")
    }
}

func verb(_ name: String, account: Account, args: Json) throws -> Verb {
    switch name {
    case "register": return { try await account.register() }
    case "unregister": return { try await account.unregister() }
    case "remove": return { try await account.remove() }
    case "call":
        let to = try text(args, "to")
        return { try await account.call(to: to).key() }
    case "options":
        let to = try text(args, "to")
        return { try await account.options(to: to) }
    case "message":
        let (to, body) = (try text(args, "to"), try text(args, "text"))
        return { try await account.message(to: to, text: body) }
    case "info": return { account.info() as Any }
    default: throw Differs("there is no verb account.\(name)")
    }
}

func verb(_ name: String, call: Call, args: Json) throws -> Verb {
    switch name {
    case "answered": return { try await call.answered() }
    case "ended": return { try await call.ended() }
    case "answer": return { try await call.answer() }
    case "reject":
        let status = UInt16(try number(args, "status"))
        return { try await call.reject(status: status) }
    case "hang_up": return { try await call.hangUp() }
    case "hold": return { try await call.hold() }
    case "resume": return { try await call.resume() }
    case "reinvite": return { try await call.reinvite() }
    case "mute":
        let muted = try argument(args, "muted").bool ?? false
        return { try await call.mute(muted: muted) }
    case "send_dtmf":
        let digits = try text(args, "digits")
        return { try await call.sendDtmf(digits: digits) }
    case "collect_digits":
        let (count, within) = (UInt32(try number(args, "count")), try number(args, "within"))
        return { try await call.collectDigits(count: count, within: within) }
    case "play":
        let source = try audioSourceOf(json: try argument(args, "source").description)
        return { try await call.play(source: source) }
    case "stop_playing": return { try await call.stopPlaying() }
    case "record":
        let sink = try audioSinkOf(json: try argument(args, "sink").description)
        return { try await call.record(sink: sink) }
    case "stop_recording": return { try await call.stopRecording() }
    case "message":
        let body = try text(args, "text")
        return { try await call.message(text: body) }
    case "info": return { call.info() as Any }
    default: throw Differs("there is no verb call.\(name)")
    }
}
