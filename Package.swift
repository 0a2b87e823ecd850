// swift-tools-version: 6.2
import PackageDescription

/// The settings of every Swift target: nothing compiles with a warning.
///
/// A release leaves out the run-time checks for overlapping access, a quarter of the instructions of the hot path; what
/// they guard belongs to one lane at a time, and every debug build and test runs with them.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// Under `make fuzz` the scans are watched as closely as the Swift modules.
let fuzzedC: [CSetting] =
  Context.environment["MILLRACE_FUZZ"] == nil ? [] : [.unsafeFlags(["-fsanitize=fuzzer-no-link,address"])]

let package = Package(
  name: "millrace",
  dependencies: [
    // The command line: parsing, help, shell completions.
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
  ],
  targets: [
    // C libraries, each one thin.
    // YAML events with line and column. Debian: libyaml-dev
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    // gzip streams. Debian: zlib1g-dev
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // zstd streams. Debian: libzstd-dev
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    // PostgreSQL's client. Debian: libpq-dev
    .systemLibrary(name: "CPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    // The line editor of the prompt, behind a few calls. Debian: libedit-dev
    .target(name: "CEdit", linkerSettings: [.linkedLibrary("edit")]),
    // What Swift's Glibc module leaves out: the settings of malloc, write-back that begins early.
    .systemLibrary(name: "CGlibc"),
    // Byte scans that Swift's SIMD types compile to scalar loops: SSE2, NEON, a portable branch, and AVX2 where the
    // processor has it.
    .target(name: "CScan", cSettings: fuzzedC),
    // TLS of servers, and message authentication. Debian: libssl-dev
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    // HTTP/2 frames and header compression. Debian: libnghttp2-dev
    .systemLibrary(name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    // HTTP requests: HTTP/2, TLS, proxies, connections that are used again. Debian: libcurl4-openssl-dev
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    // Linux's epoll, and its sends of many sockets in one call, which Swift's Glibc module leaves out.
    .systemLibrary(name: "CEpoll"),
    // CRC-32C with the processor's own instruction where it has one.
    .target(name: "CChecksum"),
    // Regular expressions in linear time, behind a C interface. Debian: libre2-dev
    .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),

    .target(name: "Records", dependencies: ["CScan"], swiftSettings: strict),
    .target(name: "Expressions", dependencies: ["Records", "CRE2"], swiftSettings: strict),
    .target(name: "Contracts", dependencies: ["Records", "CRE2"], swiftSettings: strict),
    .target(name: "ConnectorKit", dependencies: ["CGlibc", "Records"], swiftSettings: strict),
    .target(
      name: "Connectors",
      dependencies: [
        "ConnectorKit", "Records", "CChecksum", "CCurl", "CEpoll", "CNghttp2", "COpenSSL", "CScan", "CZlib", "CZstd",
        "CPQ",
      ],
      swiftSettings: strict),
    .target(
      name: "Pipelines", dependencies: ["Records", "Expressions", "Contracts", "ConnectorKit", "CYAML"],
      swiftSettings: strict),
    .target(
      name: "Flows", dependencies: ["Pipelines", "ConnectorKit", "Contracts", "Expressions", "Records"],
      swiftSettings: strict),
    .target(
      name: "Examples",
      dependencies: ["Flows", "Pipelines", "ConnectorKit", "Expressions", "Records"], swiftSettings: strict),
    .target(
      name: "Verification", dependencies: ["Flows", "Pipelines", "ConnectorKit", "Expressions", "Records"],
      swiftSettings: strict),
    .target(name: "Status", dependencies: ["Flows", "ConnectorKit", "Records"], swiftSettings: strict),
    .executableTarget(
      name: "millrace",
      dependencies: [
        "CEdit", "CGlibc", "ConnectorKit", "Connectors", "Contracts", "Examples", "Expressions", "Flows", "Pipelines",
        "Records", "Status", "Verification",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    // Stands between a client and a server and lets connections fail; for the suites of all connectors.
    .target(name: "FaultProxy", path: "Tests/FaultProxy", swiftSettings: strict),
    // The standards' own cases, which several suites read.
    .target(name: "ConformanceFiles", dependencies: ["Records"], path: "Tests/ConformanceFiles", swiftSettings: strict),
    .testTarget(name: "RecordsTests", dependencies: ["CScan", "Records", "ConformanceFiles"], swiftSettings: strict),
    .testTarget(name: "ExpressionsTests", dependencies: ["Expressions"], swiftSettings: strict),
    .testTarget(name: "ContractsTests", dependencies: ["Contracts", "ConformanceFiles"], swiftSettings: strict),
    .testTarget(name: "ConnectorKitTests", dependencies: ["ConnectorKit"], swiftSettings: strict),
    .testTarget(name: "ConnectorsTests", dependencies: ["Connectors", "CChecksum"], swiftSettings: strict),
    .testTarget(
      name: "PipelinesTests", dependencies: ["Pipelines", "Connectors"], exclude: ["Goldens"], swiftSettings: strict),
    .testTarget(name: "FlowsTests", dependencies: ["Flows"], exclude: ["Goldens"], swiftSettings: strict),
    .testTarget(
      name: "ExamplesTests",
      dependencies: ["Examples", "ConnectorKit", "Flows", "Pipelines", "Records"], swiftSettings: strict),
    .testTarget(name: "SimulationTests", dependencies: ["Flows"], swiftSettings: strict),
    .testTarget(
      name: "VerificationTests", dependencies: ["Verification", "Expressions", "Records"], swiftSettings: strict),
    .testTarget(
      name: "StatusTests", dependencies: ["Status", "Flows", "ConnectorKit", "Records"], swiftSettings: strict),
    // The built program as a person meets it; it is run as a process, not linked.
    .testTarget(name: "GoldenTests", exclude: ["Goldens"], swiftSettings: strict),
    // Against a real server; skipped, and said so, where there is none.
    .testTarget(
      name: "PostgresTests",
      dependencies: ["Connectors", "ConnectorKit", "Expressions", "FaultProxy", "Flows", "Pipelines", "Records"],
      swiftSettings: strict),
    // The built program, killed again and again; it is run as a process, not linked.
    .testTarget(name: "CrashTests", swiftSettings: strict),
  ]
)

// `make fuzz`: needs libFuzzer, and the fuzzer's coverage in all modules, so it is no part of an ordinary build.
if Context.environment["MILLRACE_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Fuzz", dependencies: ["ConnectorKit", "Connectors", "Expressions", "Records"], path: "Tests/Fuzz",
      swiftSettings: strict + [.unsafeFlags(["-sanitize=fuzzer,address"])],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])]))
}
