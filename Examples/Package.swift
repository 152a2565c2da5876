// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let languageSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

// What only mandelbrot-server needs: fetched and built where the trait is on.
func serverOnly(_ product: String, of package: String) -> Target.Dependency {
    .product(name: product, package: package, condition: .when(traits: ["Server"]))
}

let package = Package(
    name: "ordered-producer-examples",
    traits: [.trait(name: "Server", description: "mandelbrot-server, which needs Hummingbird")],
    dependencies: [
        .package(
            name: "swift-ordered-producer", path: "..",
            traits: [
                .trait(name: "ServiceLifecycle", condition: .when(traits: ["Server"])),
                .trait(name: "Metrics", condition: .when(traits: ["Server"])),
            ]),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
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
        .systemLibrary(name: "CPNG", path: "CSources/CPNG", providers: [.apt(["libpng-dev"])]),
        .target(name: "CRowEncoder", path: "CSources/CRowEncoder", linkerSettings: [.linkedLibrary("png")]),
        .executableTarget(
            name: "mandelbrot-server",
            dependencies: [
                "CRowEncoder",
                .product(name: "OrderedProducer", package: "swift-ordered-producer"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                serverOnly("OrderedProducerServices", of: "swift-ordered-producer"),
                serverOnly("OrderedProducerObservability", of: "swift-ordered-producer"),
                serverOnly("Hummingbird", of: "hummingbird"),
                serverOnly("HummingbirdCore", of: "hummingbird"),
                serverOnly("ServiceLifecycle", of: "swift-service-lifecycle"),
                serverOnly("Logging", of: "swift-log"),
                serverOnly("CoreMetrics", of: "swift-metrics"),
                serverOnly("NIOConcurrencyHelpers", of: "swift-nio"),
                serverOnly("NIOCore", of: "swift-nio"),
            ],
            resources: [.embedInCode("page.html")],
            swiftSettings: languageSettings + [.strictMemorySafety()]
        ),
        .testTarget(
            name: "mandelbrot-serverTests",
            dependencies: [
                "mandelbrot-server",
                "CPNG",
                .product(name: "OrderedProducer", package: "swift-ordered-producer"),
                serverOnly("CoreMetrics", of: "swift-metrics"),
                serverOnly("HummingbirdCore", of: "hummingbird"),
                serverOnly("Logging", of: "swift-log"),
                serverOnly("NIOCore", of: "swift-nio"),
                serverOnly("ServiceLifecycle", of: "swift-service-lifecycle"),
            ],
            swiftSettings: languageSettings
        ),
    ],
    cLanguageStandard: .c11
)
