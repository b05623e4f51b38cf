import Foundation

extension Client {
    /// Starts a client, runs `body` with it and ends it afterwards, in whatever way the body ends: calls and registrations
    /// end in good order.
    public static func with<Result>(
        _ config: ClientConfig? = nil,
        body: (Client) async throws -> Result
    ) async throws -> Result {
        let client = try await Client.open(config: config)
        let outcome: Swift.Result<Result, Swift.Error>
        do {
            outcome = .success(try await body(client))
        } catch {
            outcome = .failure(error)
        }
        // A task of its own: a cancelled one could not wait for the end.
        _ = await Task.detached { try await client.shutdown() }.result
        return try outcome.get()
    }
}

extension Call {
    /// Plays a WAV file to the peer, once. Returns when it was played to its end; cancelling the task stops it.
    public func play(_ file: URL) async throws {
        try await play(source: .file(path: file.path))
    }

    /// Records the peer's audio into a WAV file, until it is stopped or the call ends.
    public func record(to file: URL) async throws {
        try await record(sink: .file(path: file.path))
    }
}
