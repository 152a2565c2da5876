// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let languageSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "ordered-producer-examples",
    dependencies: [
        .package(name: "swift-ordered-producer", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    ],
    targets: [
        .systemLibrary(name: "CDeflate", path: "CSources/CDeflate", providers: [.apt(["libdeflate-dev"])]),
        .target(name: "CPartialOutput", path: "CSources/CPartialOutput"),
        .executableTarget(
            name: "ordered-gzip",
            dependencies: [
                "CDeflate",
                "CPartialOutput",
                .product(name: "OrderedProducer", package: "swift-ordered-producer"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: languageSettings + [.strictMemorySafety()],
            // Statically: measured with Debian's libdeflate 1.14, its shared object takes 12 % more processor time.
            linkerSettings: [.linkedLibrary(":libdeflate.a", .when(platforms: [.linux]))]
        ),
        // Its helpers are little but system calls: marking each as unsafe would tell nobody anything.
        .testTarget(
            name: "ordered-gzipTests",
            dependencies: ["ordered-gzip", "CDeflate"],
            swiftSettings: languageSettings
        ),
    ],
    cLanguageStandard: .c11
)
