import Foundation

extension RvoipError: CustomStringConvertible {
    /// The kind of this failure.
    public var kind: ErrorKind {
        kindOf(error: self)
    }

    /// One line for people.
    public var reason: String {
        details.reason
    }

    /// The SIP status code, if a peer gave one (100 to 699).
    public var status: UInt16? {
        details.status
    }

    /// The reason, with the status if there is one.
    public var description: String {
        guard let status = status else {
            return reason
        }
        return "\(reason) (\(status))"
    }

    private var details: (reason: String, status: UInt16?) {
        switch self {
        case .InvalidArgument(let reason, let status),
            .InvalidState(let reason, let status),
            .Unsupported(let reason, let status),
            .Closed(let reason, let status),
            .Busy(let reason, let status),
            .AuthenticationFailed(let reason, let status),
            .Rejected(let reason, let status),
            .TimedOut(let reason, let status),
            .Unreachable(let reason, let status),
            .BindFailed(let reason, let status),
            .CallEnded(let reason, let status),
            .MediaFailed(let reason, let status),
            .FileFailed(let reason, let status),
            .Internal(let reason, let status):
            return (reason, status)
        }
    }
}
