import Foundation

/// Hands the cancellation of a task on to the Rust future that it waits for, at most until the future is freed.
///
/// The future is then dropped, which withdraws its command, and the wait ends with `CancellationError`.
final class FutureCancellation: @unchecked Sendable {
    private let lock = NSLock()
    private var cancelFuture: (() -> Void)?

    init(_ cancelFuture: @escaping () -> Void) {
        self.cancelFuture = cancelFuture
    }

    /// The task was cancelled.
    func cancel() {
        lock.lock()
        defer { lock.unlock() }
        cancelFuture?()
    }

    /// The future is about to be freed; from now on it is left alone.
    func finish() {
        lock.lock()
        defer { lock.unlock() }
        cancelFuture = nil
    }
}
