import Foundation

@testable import Rvoip

/// A value of JSON.
enum Json: Equatable, CustomStringConvertible {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([Json])
    case object([String: Json])

    init(parsing data: Data) throws {
        self.init(try JSONSerialization.jsonObject(with: data, options: [.fragmentsAllowed]))
    }

    /// What JSONSerialization gives.
    init(_ value: Any) {
        if let list = value as? [Any] {
            self = .list(list.map { Json($0) })
        } else if let object = value as? [String: Any] {
            self = .object(object.mapValues { Json($0) })
        } else if let text = value as? String {
            self = .text(text)
        } else if let number = value as? NSNumber {
            self = Json.isFlag(number) ? .flag(number.boolValue) : .number(number.doubleValue)
        } else {
            self = .null
        }
    }

    private static func isFlag(_ number: NSNumber) -> Bool {
        String(cString: number.objCType) == "c"
    }

    subscript(name: String) -> Json? {
        guard case .object(let fields) = self, let value = fields[name], value != .null else {
            return nil
        }
        return value
    }

    var string: String? {
        guard case .text(let text) = self else {
            return nil
        }
        return text
    }

    var double: Double? {
        guard case .number(let number) = self else {
            return nil
        }
        return number
    }

    var bool: Bool? {
        guard case .flag(let flag) = self else {
            return nil
        }
        return flag
    }

    var array: [Json] {
        guard case .list(let list) = self else {
            return []
        }
        return list
    }

    var fields: [String: Json] {
        guard case .object(let fields) = self else {
            return [:]
        }
        return fields
    }

    private var plain: Any {
        switch self {
        case .null: return NSNull()
        case .flag(let flag): return flag
        case .number(let number): return number == number.rounded() ? Int64(number) as Any : number as Any
        case .text(let text): return text
        case .list(let list): return list.map { $0.plain }
        case .object(let fields): return fields.mapValues { $0.plain }
        }
    }

    var description: String {
        let data = try? JSONSerialization.data(withJSONObject: plain, options: [.sortedKeys, .fragmentsAllowed])
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "?"
    }
}

/// A name in the JSON form of the facade.
private func snake(_ name: String) -> String {
    var out = ""
    for character in name {
        if character.isUppercase && !out.isEmpty {
            out += "_"
        }
        out += character.lowercased()
    }
    return out
}

/// The JSON form of what a verb gives or an event tells, read from the Swift values themselves.
func json(_ value: Any) -> Json {
    switch value {
    case let text as String: return .text(text)
    case let flag as Bool: return .flag(flag)
    case let number as UInt16: return .number(Double(number))
    case let number as UInt32: return .number(Double(number))
    case let number as UInt64: return .number(Double(number))
    case let number as Double: return .number(number)
    default: break
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional:
        return mirror.children.first.map { json($0.value) } ?? .null
    case .collection:
        return .list(mirror.children.map { json($0.value) })
    case .enum:
        return variant(value, mirror)
    case .tuple where mirror.children.isEmpty:
        return .null
    default:
        return .object(fields(mirror))
    }
}

/// The types whose variants have no fields: their form is a word. The others say their variant as `type`.
private let words: [Any.Type] = [
    CallDirection.self, CallState.self, RegistrationState.self, TransportKind.self, ErrorKind.self,
]

private func variant(_ value: Any, _ mirror: Mirror) -> Json {
    guard let values = mirror.children.first else {
        let name = snake(String(describing: value))
        return words.contains { $0 == mirror.subjectType } ? .text(name) : .object(["type": .text(name)])
    }
    var form = fields(Mirror(reflecting: values.value))
    form["type"] = .text(snake(values.label ?? ""))
    return .object(form)
}

private func fields(_ mirror: Mirror) -> [String: Json] {
    var form: [String: Json] = [:]
    for child in mirror.children {
        form[snake(child.label ?? "")] = json(child.value)
    }
    return form
}

/// Whether what came has everything that was expected. A name in the place of a number stands for a key.
func fits(_ expected: Json, _ got: Json, _ keys: [String: UInt32]) -> Bool {
    switch (expected, got) {
    case (.object(let wanted), .object(let there)):
        return wanted.allSatisfy { fits($0.value, there[$0.key] ?? .null, keys) }
    case (.list(let wanted), .list(let there)):
        return wanted.count == there.count && zip(wanted, there).allSatisfy { fits($0.0, $0.1, keys) }
    case (.text(let name), .number(let number)):
        return keys[name].map { Double($0) == number } ?? false
    default:
        return expected == got
    }
}
