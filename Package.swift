// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "swift-ordered-producer",
    products: [
        .library(name: "OrderedProducer", targets: ["OrderedProducer"]),
        .library(name: "COrderedProducer", targets: ["COrderedProducer"]),
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
        .testTarget(
            name: "OrderedProducerTests",
            dependencies: ["OrderedProducer"],
            swiftSettings: swiftSettings
        ),
    ],
    cLanguageStandard: .c11
)
