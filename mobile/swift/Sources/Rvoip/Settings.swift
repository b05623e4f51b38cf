import Foundation

/// What an account's settings print has no password, neither as text nor in a debugger or `dump`.
extension AccountConfig: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The settings as they may be shown.
    public var description: String {
        describeAccount(config: self)
    }

    /// The settings as they may be shown.
    public var debugDescription: String {
        description
    }

    /// Nothing but the settings as they may be shown.
    public var customMirror: Mirror {
        Mirror(self, children: ["description": description])
    }
}
