"""Names of the Swift platform that the hand-written sources use, looked up by hand."""

TYPES = set(
    """
    Any Array Type UTF8 async AsyncIteratorProtocol AsyncSequence Bool CancellationError CustomDebugStringConvertible
    CustomReflectable CustomStringConvertible Data Dictionary Double
    Element Equatable Error FileManager Float Hashable Int Int16 Int32 Int64 JSONSerialization Mirror NSLock NSNumber
    NSNull Never ProcessInfo Result Self Sendable Set String Substring Swift Task TimeInterval UInt UInt16 UInt32 UInt64
    UInt8 URL UUID Void XCTestCase XCTSkip XCTFail Bundle unchecked testable escaping discardableResult
    """.split()
)

# What everything may have: members of the standard protocols.
OF_ALL = {"self", "description", "hash", "errorDescription", "localizedDescription", "init"}

MEMBERS = set(
    """
    popFirst mapValues rounded allSatisfy insert removeValue objCType
    append cancel contains contentsOf count detached dropFirst first get isEmpty joined keys last lock map filter
    compactMap path removeItem result sleep sorted temporaryDirectory unlock uuidString value values
    appendingPathComponent default environment hasPrefix hasSuffix lowercased uppercased children label
    displayStyle subjectType contentsOfDirectory jsonObject data isUppercase index enumerated lastPathComponent
    deletingPathExtension pathExtension processInfo int64Value doubleValue boolValue stringValue uint32Value
    uint16Value removeFirst reversed suffix prefix split trimmingCharacters mirror caseInsensitiveCompare utf8
    deletingLastPathComponent standardizedFileURL yield
    """.split()
) | OF_ALL

CASES = {"tuple", "success", "failure", "some", "none", "enum", "optional", "collection", "struct", "dictionary", "prettyPrinted", "sortedKeys", "fragmentsAllowed", "utf8"}

FUNCTIONS = set(
    """
    XCTAssertEqual defer XCTAssertFalse XCTAssertGreaterThan XCTAssertNil XCTAssertNotNil XCTAssertTrue XCTFail print type
    withTaskCancellationHandler fatalError precondition min max zip abs dump
    """.split()
)
