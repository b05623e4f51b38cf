// swift-tools-version:5.9

import Foundation
import PackageDescription

// `build.sh` puts the library, its header and the generated source where this file expects them. With RVOIP_HARNESS in
// the environment everything is that of the build for tests on a virtual clock, in folders of its own.
let harness = ProcessInfo.processInfo.environment["RVOIP_HARNESS"] != nil
let built = harness ? "Built/harness" : "Built/release"
let libraries = Context.packageDirectory + "/" + built + "/lib"

var targets: [Target] = [
    .systemLibrary(name: "RvoipFFI", path: built + "/ffi"),
    .target(
        name: "Rvoip",
        dependencies: ["RvoipFFI"],
        path: ".",
        exclude: ["README.md", "build.sh", "check", "Tests", "Examples"],
        sources: ["Sources/Rvoip", built + "/swift"],
        linkerSettings: [
            .unsafeFlags(["-L" + libraries]),
            .linkedLibrary("rvoip_ffi"),
            .linkedLibrary("m", .when(platforms: [.linux])),
            .linkedLibrary("dl", .when(platforms: [.linux])),
            .linkedLibrary("pthread", .when(platforms: [.linux])),
            .linkedFramework("CoreFoundation", .when(platforms: [.macOS, .iOS])),
            .linkedFramework("Security", .when(platforms: [.macOS, .iOS])),
            .linkedFramework("SystemConfiguration", .when(platforms: [.macOS, .iOS])),
        ]
    ),
    .testTarget(name: "RvoipTests", dependencies: ["Rvoip"], path: "Tests/RvoipTests"),
]
if harness {
    targets.append(.testTarget(name: "ConformanceTests", dependencies: ["Rvoip"], path: "Tests/ConformanceTests"))
}

let package = Package(
    name: "Rvoip",
    platforms: [.macOS(.v12), .iOS(.v15)],
    products: [.library(name: "Rvoip", targets: ["Rvoip"])],
    targets: targets
)
