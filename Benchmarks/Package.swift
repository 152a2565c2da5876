// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "ordered-bench",
    products: [
        // For subjects in programs of their own.
        .library(name: "CBenchSubjects", targets: ["CBenchSubjects"]),
        .executable(name: "ordered-bench", targets: ["ordered-bench"]),
        .executable(name: "cbench", targets: ["cbench"]),
    ],
    traits: [.trait(name: "NIO", description: "nio-bench: the library on event loops, beside NIO alone")],
    dependencies: [
        .package(
            name: "swift-ordered-producer", path: "..",
            traits: [.trait(name: "NIO", condition: .when(traits: ["NIO"]))]),
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
    ],
    targets: [
        .target(
            name: "CBenchSubjects",
            dependencies: [.product(name: "COrderedProducer", package: "swift-ordered-producer")],
            path: "CSources/CBenchSubjects"
        ),
        .executableTarget(
            name: "machine-costs", dependencies: ["CBenchSubjects"], path: "CSources/machine-costs"),
        .executableTarget(name: "cbench", dependencies: ["CBenchSubjects"], path: "CSources/cbench"),
        .executableTarget(
            name: "ordered-bench",
            dependencies: [
                "CBenchSubjects",
                .product(name: "OrderedProducer", package: "swift-ordered-producer"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "nio-bench",
            dependencies: [
                "CBenchSubjects",
                .product(name: "OrderedProducer", package: "swift-ordered-producer"),
                .product(name: "OrderedProducerNIO", package: "swift-ordered-producer"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["NIO"])),
                .product(name: "NIOHTTP1", package: "swift-nio", condition: .when(traits: ["NIO"])),
                .product(name: "NIOPosix", package: "swift-nio", condition: .when(traits: ["NIO"])),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(name: "ordered-benchTests", dependencies: ["ordered-bench"], swiftSettings: swiftSettings),
    ],
    cLanguageStandard: .gnu11
)
