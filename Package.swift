// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

// What an integration stands on: fetched only where its trait is on.
func integration(_ product: String, of package: String, trait: String) -> Target.Dependency {
    .product(name: product, package: package, condition: .when(traits: [trait]))
}

let package = Package(
    name: "swift-ordered-producer",
    products: [
        .library(name: "OrderedProducer", targets: ["OrderedProducer"]),
        .library(name: "COrderedProducer", targets: ["COrderedProducer"]),
        .library(name: "OrderedProducerNIO", targets: ["OrderedProducerNIO"]),
        .library(name: "OrderedProducerServices", targets: ["OrderedProducerServices"]),
        .library(name: "OrderedProducerObservability", targets: ["OrderedProducerObservability"]),
    ],
    traits: [
        .trait(name: "NIO", description: "OrderedProducerNIO: delivery on event loops, pipelined protocols"),
        .trait(name: "ServiceLifecycle", description: "OrderedProducerServices: pools and producers as services"),
        .trait(name: "Logging", description: "OrderedProducerObservability: how productions end, with swift-log"),
        .trait(name: "Metrics", description: "OrderedProducerObservability: statistics as metrics, with swift-metrics"),
        .trait(
            name: "Tracing",
            description: "OrderedProducerObservability: the caller's context in items, with swift-distributed-tracing"),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.2.0"),
    ],
    targets: [
        // Concurrency Kit is linked statically: programs that embed the library need no libck where they run.
        .target(
            name: "COrderedProducer",
            path: "CSources/COrderedProducer",
            linkerSettings: [.linkedLibrary(":libck.a", .when(platforms: [.linux]))]
        ),
        .target(
            name: "OrderedProducer",
            dependencies: ["COrderedProducer"],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "OrderedProducerNIO",
            dependencies: [
                "OrderedProducer",
                integration("NIOCore", of: "swift-nio", trait: "NIO"),
                integration("NIOHTTP1", of: "swift-nio", trait: "NIO"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "OrderedProducerServices",
            dependencies: [
                "OrderedProducer",
                integration("ServiceLifecycle", of: "swift-service-lifecycle", trait: "ServiceLifecycle"),
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "OrderedProducerObservability",
            dependencies: [
                "OrderedProducer",
                integration("Logging", of: "swift-log", trait: "Logging"),
                integration("CoreMetrics", of: "swift-metrics", trait: "Metrics"),
                integration("Tracing", of: "swift-distributed-tracing", trait: "Tracing"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "OrderedProducerTests",
            dependencies: ["OrderedProducer"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "OrderedProducerNIOTests",
            dependencies: [
                "OrderedProducerNIO",
                integration("NIOEmbedded", of: "swift-nio", trait: "NIO"),
                integration("NIOHTTP1", of: "swift-nio", trait: "NIO"),
                integration("NIOPosix", of: "swift-nio", trait: "NIO"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "OrderedProducerServicesTests",
            dependencies: [
                "OrderedProducerServices",
                integration("ServiceLifecycle", of: "swift-service-lifecycle", trait: "ServiceLifecycle"),
                integration("ServiceLifecycleTestKit", of: "swift-service-lifecycle", trait: "ServiceLifecycle"),
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "OrderedProducerObservabilityTests",
            dependencies: [
                "OrderedProducerObservability",
                integration("Logging", of: "swift-log", trait: "Logging"),
                integration("MetricsTestKit", of: "swift-metrics", trait: "Metrics"),
                integration("InMemoryTracing", of: "swift-distributed-tracing", trait: "Tracing"),
            ],
            swiftSettings: swiftSettings
        ),
    ],
    cLanguageStandard: .c11
)
