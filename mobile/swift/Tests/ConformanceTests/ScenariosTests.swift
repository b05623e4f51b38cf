import Foundation
import XCTest

@testable import Rvoip

final class ScenariosTests: XCTestCase {
    private func files(_ folder: String) throws -> [URL] {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let place = here.appendingPathComponent("../../../../tests/conformance").appendingPathComponent(folder)
        let all = try FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil)
        return all.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
    }

    func testEveryScenarioIsAsItSays() async throws {
        let files = try files("scenarios")
        XCTAssertGreaterThan(files.count, 29)
        for file in files {
            let name = file.deletingPathExtension().lastPathComponent
            do {
                let skipped = try await run(try Json(parsing: try Data(contentsOf: file)))
                print("scenario \(name): \(skipped.map { "skipped \($0)" } ?? "ok")")
            } catch {
                print("scenario \(name): failed")
                XCTFail("\(name): \(error)")
            }
        }
    }

    func testEveryBrokenScenarioFailsForItsReason() async throws {
        let files = try files("broken")
        XCTAssertGreaterThan(files.count, 5)
        for file in files {
            let scenario = try Json(parsing: try Data(contentsOf: file))
            do {
                _ = try await run(scenario)
                XCTFail("\(file.path) should fail")
            } catch {
                let reason = scenario["fails_with"]?.string ?? "?"
                XCTAssertTrue("\(error)".contains(reason), "\(error)")
            }
        }
    }
}
