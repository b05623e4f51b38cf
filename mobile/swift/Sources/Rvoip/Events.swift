import Foundation

/// The events of a client, an account or a call, beginning with what stands now.
///
/// It listens from the moment it is made. What one loop did not take is there for the next; two that run at once share
/// the events between them. The sequence ends when no event will come any more. A cancelled loop throws
/// `CancellationError` and loses no event.
public final class Events: AsyncSequence, AsyncIteratorProtocol, @unchecked Sendable {
    public typealias Element = Event

    private let stream: EventStream
    private let lock = NSLock()
    private var taken: [Event] = []
    private var given = 0

    init(_ stream: EventStream) {
        self.stream = stream
    }

    public func makeAsyncIterator() -> Events {
        self
    }

    /// Waits for the next event; nil when none will come any more.
    public func next() async throws -> Event? {
        while true {
            if let event = pop() {
                return event
            }
            let more = try await stream.ready()
            // Nothing is awaited between taking and keeping: a task that is cancelled here loses nothing.
            keep(stream.takeEvents())
            if !more {
                return pop()
            }
        }
    }

    /// Takes the events that are there, without waiting.
    public func take() -> [Event] {
        keep(stream.takeEvents())
        lock.lock()
        defer { lock.unlock() }
        let waiting = Array(taken[given...])
        taken = []
        given = 0
        return waiting
    }

    private func keep(_ events: [Event]) {
        lock.lock()
        defer { lock.unlock() }
        taken.append(contentsOf: events)
    }

    private func pop() -> Event? {
        lock.lock()
        defer { lock.unlock() }
        if given == taken.count {
            taken = []
            given = 0
            return nil
        }
        given += 1
        return taken[given - 1]
    }
}

extension Client {
    /// Listens to everything of this client.
    public func events() -> Events {
        Events(listen())
    }
}

extension Account {
    /// Listens to this account: its registration, its incoming calls and messages.
    public func events() -> Events {
        Events(listen())
    }
}

extension Call {
    /// Listens to this call. Its end is followed by its last figures, and then nothing more comes until the client closes.
    public func events() -> Events {
        Events(listen())
    }
}

extension Event {
    /// The call that this event is about, if it is about one.
    public var callKey: CallKey? {
        callKeyOf(event: self)
    }

    /// The account that this event is about, if it is about one.
    public var accountKey: AccountKey? {
        accountKeyOf(event: self)
    }
}
