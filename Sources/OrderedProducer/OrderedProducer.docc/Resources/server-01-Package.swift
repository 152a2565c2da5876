// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
    name: "report-server",
    dependencies: [
        .package(path: "../swift-ordered-producer", traits: ["ServiceLifecycle", "Metrics"]),
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    ],
    targets: [
        .executableTarget(
            name: "report-server",
            dependencies: [
                .product(name: "OrderedProducer", package: "swift-ordered-producer"),
                .product(name: "OrderedProducerServices", package: "swift-ordered-producer"),
                .product(name: "OrderedProducerObservability", package: "swift-ordered-producer"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ])
    ]
)
