// swift-tools-version: 6.1
// The module graph of opz. Imports point down only; `scripts/test` builds with
// `--explicit-target-dependency-import-check error`, and ModuleGraphTests reads this file.

import PackageDescription

// The servers' dependency (SwiftNIO) takes minutes to build. OPZ_LIGHT=1 leaves them out, and the tests of clients, which
// talk to the hub's registry.
let light = Context.environment["OPZ_LIGHT"] == "1"

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Code that works on each number of a table or byte of a model is compiled with optimization in debug builds too: it is
/// ten to fifty times slower without.
let fast: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// A library whose folder has a README.md, which is no source.
func module(_ name: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting] = strict) -> Target {
  .target(name: name, dependencies: dependencies, exclude: ["README.md"], swiftSettings: settings)
}

/// OPZ_PLAIN_TESTS=1 is for a build that optimizes everything (`-Xswiftc -O`): it leaves the tests as they are, because
/// optimizing them takes longer than they run. The compiler itself gets the flag last, behind the driver's.
let testSettings =
  Context.environment["OPZ_PLAIN_TESTS"] == "1" ? strict + [.unsafeFlags(["-Xfrontend", "-Onone"])] : strict

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: dependencies, resources: [.copy("Fixtures")],
    swiftSettings: testSettings)
}

let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")

let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
]
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP2: [Target.Dependency] = [
  .product(name: "NIOHTTP2", package: "swift-nio-http2"),
  .product(name: "NIOHPACK", package: "swift-nio-http2"),
]

var products: [Product] = [.executable(name: "opz", targets: ["opz"])]

var packages: [Package.Dependency] = [
  .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
  .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
  .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
]

var targets: [Target] = [
  .systemLibrary(name: "CLinux"),
  // Runs before main: the arguments that Swift loses, and standard descriptors that are closed.
  .target(name: "CStart"),
  // Their headers are compiled against; the libraries are loaded by the commands that need them (CLazy says why).
  .target(name: "CLazy"),
  .target(name: "CCurl", dependencies: ["CLazy"]),
  .target(name: "CArchive", dependencies: ["CLazy"]),
  .target(name: "CSQLite", dependencies: ["CLazy"]),
  .target(name: "CPostgres", dependencies: ["CLazy"]),
  .target(name: "CODBC", dependencies: ["CLazy"]),
  // Always optimized. A product and a sum are never contracted into one instruction, which would round once less.
  .target(name: "COpzTrees", cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off"])]),
  .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
  .systemLibrary(
    name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
  .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
  // Of Yams, which tests read with, opz would take Foundation too: half of the program.
  .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
  .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

  module("OpzIO", ["CLinux", "CStart", "CCrypto", system]),
  module("OpzJSON", [], settings: fast),
  module("OpzWire", [], settings: fast),
  module("OpzTOML", []),
  module("OpzYAML", ["OpzIO", "CLibYAML"]),
  module("OpzKubernetes", ["OpzIO"]),
  module("OpzHTTP", ["OpzIO", "CCurl", system]),
  module("OpzOCI", ["OpzJSON", "OpzIO"]),
  module(
    "OpzArchive", ["OpzOCI", "OpzJSON", "OpzIO", "CArchive", "CDeflate", "CZlib", "CZstd", system],
    settings: fast),
  module("OpzStore", ["CLinux", "OpzOCI", "OpzJSON", "OpzIO", system]),
  module("OpzPython", ["OpzArchive", "OpzTOML", "OpzOCI", "OpzIO", system]),
  module("OpzDebian", ["OpzArchive", "OpzIO", system], settings: fast),
  module("OpzDistribution", ["OpzHTTP", "OpzStore", "OpzTOML", "OpzOCI", "OpzJSON", "OpzIO", system]),
  module("OpzModel", ["OpzJSON", "OpzIO", system], settings: fast),
  module("OpzFormats", ["OpzModel", "OpzJSON", "OpzWire", "OpzIO", "CDeflate", system], settings: fast),
  module("OpzScoring", ["OpzModel", "OpzIO", "COpzTrees"], settings: fast),
  module("OpzSQL", ["OpzModel", "OpzIO"], settings: fast),
  module("OpzDatabase", ["OpzIO", "CSQLite", "CPostgres", "CODBC", system]),
  module(
    "OpzInference", ["OpzScoring", "OpzFormats", "OpzModel", "OpzWire", "OpzJSON", "OpzIO", "CDeflate", system],
    settings: fast),
  // What runs in images: Python and R, embedded as bytes.
  .target(
    name: "OpzWorkerFiles", exclude: ["README.md", "Init"], resources: [.embedInCode("Files")], swiftSettings: strict),
  .target(name: "CWorkers"),
  module("OpzWorkers", ["OpzInference", "OpzJSON", "OpzIO", "CWorkers", system], settings: fast),
  .executableTarget(
    name: "opz-bench-scoring", dependencies: ["OpzScoring", "OpzFormats", "OpzModel", system],
    swiftSettings: fast),
  module("OpzRegistry", ["OpzYAML", "OpzStore", "OpzOCI", "OpzJSON", "OpzIO", system]),
  module("OpzSecrets", ["OpzIO"]),
  module(
    "OpzTrust",
    [
      "OpzSecrets", "OpzYAML", "OpzRegistry", "OpzArchive", "OpzStore", "OpzOCI", "OpzJSON", "OpzIO", "CCrypto", system,
    ]),
  module("OpzDeploy", ["OpzKubernetes", "OpzYAML", "OpzOCI", "OpzJSON", "OpzIO"]),
  module(
    "OpzPackage",
    [
      "OpzSecrets", "OpzArchive", "OpzPython", "OpzDebian", "OpzStore", "OpzYAML", "OpzOCI", "OpzJSON", "OpzIO", system,
    ]),
  module(
    "OpzProject",
    [
      "OpzPackage", "OpzRegistry", "OpzDeploy", "OpzFormats", "OpzArchive", "OpzStore", "OpzYAML", "OpzOCI", "OpzJSON",
      "OpzIO", system,
    ]),
  module("OpzLint", ["OpzSecrets", "OpzKubernetes", "OpzYAML", "OpzOCI", "OpzJSON", "OpzIO"]),
  module("OpzMLflow", ["OpzOCI", "OpzJSON", "OpzIO", "CSQLite", system]),
  module(
    "OpzFlow",
    [
      "OpzProject", "OpzPackage", "OpzTrust", "OpzSecrets", "OpzRegistry", "OpzDistribution", "OpzDeploy",
      "OpzKubernetes",
      "OpzLint", "OpzMLflow", "OpzPython", "OpzDebian", "OpzArchive", "OpzInference", "OpzWorkerFiles", "OpzFormats",
      "OpzScoring",
      "OpzSQL", "OpzDatabase", "OpzModel", "OpzHTTP", "OpzStore", "OpzYAML",
      "OpzOCI", "OpzJSON", "OpzIO", system,
    ]),
  module(
    "OpzCLI",
    [
      "OpzFlow", "OpzProject", "OpzTrust", "OpzRegistry", "OpzDistribution", "OpzDeploy", "OpzLint", "OpzArchive",
      "OpzFormats", "OpzScoring", "OpzSQL", "OpzDatabase", "OpzModel", "OpzStore", "OpzOCI", "OpzJSON", "OpzIO", system,
      argumentParser,
    ]),
  .executableTarget(name: "opz", dependencies: ["OpzCLI"], swiftSettings: strict),

  module(
    "OpzTestKit",
    ["OpzScoring", "OpzFormats", "OpzModel", "OpzStore", "OpzArchive", "OpzOCI", "OpzJSON", "OpzIO", system]),

  tests("OpzIO", ["OpzIO", "OpzTestKit", system]),
  tests("OpzJSON", ["OpzJSON", "OpzTestKit"]),
  tests("OpzWire", ["OpzWire", "OpzTestKit"]),
  tests("OpzTOML", ["OpzTOML", "OpzIO", "OpzTestKit"]),
  tests("OpzYAML", ["OpzYAML", "OpzIO", "OpzTestKit", system, yams]),
  tests("OpzKubernetes", ["OpzKubernetes", "OpzIO", "OpzTestKit", system]),
  tests("OpzHTTP", ["OpzHTTP", "OpzIO", "OpzTestKit", system]),
  tests("OpzOCI", ["OpzOCI", "OpzJSON", "OpzIO", "OpzTestKit"]),
  tests("OpzArchive", ["OpzArchive", "OpzOCI", "OpzJSON", "OpzIO", "OpzTestKit", system]),
  tests("OpzDebian", ["OpzDebian", "OpzArchive", "OpzIO", "OpzTestKit", system]),
  tests("OpzPython", ["OpzPython", "OpzArchive", "OpzOCI", "OpzJSON", "OpzIO", "OpzTestKit", system]),
  tests("OpzStore", ["OpzStore", "OpzOCI", "OpzJSON", "OpzIO", "OpzTestKit", system]),
  tests("OpzModel", ["OpzModel", "OpzFormats", "OpzIO", "OpzTestKit", system]),
  tests(
    "OpzFormats", ["OpzFormats", "OpzScoring", "OpzModel", "OpzArchive", "OpzJSON", "OpzIO", "OpzTestKit", system]),
  tests("OpzDatabase", ["OpzDatabase", "OpzIO", "OpzTestKit", system]),
  tests("OpzSQL", ["OpzSQL", "OpzScoring", "OpzFormats", "OpzModel", "OpzJSON", "OpzIO", "OpzTestKit", system]),
  tests("OpzScoring", ["OpzScoring", "OpzModel", "OpzTestKit"]),
  tests(
    "OpzWorkers", ["OpzWorkers", "OpzWorkerFiles", "OpzInference", "OpzJSON", "OpzIO", "OpzTestKit", system]),
  tests("OpzWorkerFiles", ["OpzWorkerFiles", "OpzInference", "OpzIO", "OpzTestKit", system]),
  tests("OpzInference", ["OpzInference", "OpzModel", "OpzWire", "OpzJSON", "OpzIO", "OpzTestKit", system]),
  tests("OpzRegistry", ["OpzRegistry", "OpzStore", "OpzOCI", "OpzJSON", "OpzIO", "OpzTestKit", system]),
  tests("OpzSecrets", ["OpzSecrets", "OpzIO", "OpzTestKit"]),
  tests(
    "OpzTrust",
    ["OpzTrust", "OpzRegistry", "OpzArchive", "OpzStore", "OpzOCI", "OpzJSON", "OpzIO", "OpzTestKit", system]),
  tests("OpzPackage", ["OpzPackage", "OpzArchive", "OpzOCI", "OpzIO", "OpzTestKit", system]),
  tests(
    "OpzProject",
    ["OpzProject", "OpzDeploy", "OpzFormats", "OpzYAML", "OpzOCI", "OpzJSON", "OpzIO", "OpzTestKit", system]),
  tests(
    "OpzDeploy",
    ["OpzDeploy", "OpzKubernetes", "OpzYAML", "OpzOCI", "OpzJSON", "OpzIO", "OpzTestKit", system, yams]),
  tests("OpzLint", ["OpzLint", "OpzKubernetes", "OpzYAML", "OpzOCI", "OpzJSON", "OpzIO", "OpzTestKit", system]),
  tests("OpzMLflow", ["OpzMLflow", "OpzOCI", "OpzIO", "OpzTestKit", system]),
]

if !light {
  packages += [
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
  ]
  products.append(.executable(name: "opz-server", targets: ["opz-server"]))
  products.append(.executable(name: "opz-hub", targets: ["opz-hub"]))
  targets += [
    module("OpzHTTPServer", ["OpzIO", system] + nio + nioHTTP2),
    tests(
      "OpzHTTPServer", ["OpzHTTPServer", "opz-server", "opz-hub", "OpzIO", "OpzTestKit", system] + nio + nioHTTP2),
    module(
      "OpzServe",
      [
        "OpzHTTPServer", "OpzWorkers", "OpzInference", "OpzFormats", "OpzScoring", "OpzModel", "OpzWire", "OpzJSON",
        "OpzIO", system, nioCore,
      ]),
    .executableTarget(
      name: "opz-server", dependencies: ["OpzServe", "OpzWorkers", "OpzFormats", "OpzIO"], swiftSettings: strict),
    tests(
      "OpzServe",
      [
        "OpzServe", "opz-server", "OpzHTTPServer", "OpzInference", "OpzWorkerFiles", "OpzDeploy", "OpzFormats",
        "OpzModel", "OpzWire", "OpzJSON", "OpzIO", "OpzTestKit", system, nioCore,
      ]),
    module(
      "OpzHub", ["OpzHTTPServer", "OpzRegistry", "OpzStore", "OpzYAML", "OpzOCI", "OpzJSON", "OpzIO", system] + nio),
    .executableTarget(
      name: "opz-hub", dependencies: ["OpzHub", "OpzIO"], swiftSettings: strict),
    // The hub's registry in tests of clients.
    module(
      "OpzRegistryKit",
      [
        "OpzTestKit", "OpzHub", "OpzHTTPServer", "OpzRegistry", "OpzStore", "OpzOCI", "OpzIO", system, nioCore,
      ]),
    tests(
      "OpzDistribution",
      ["OpzDistribution", "OpzHTTP", "OpzStore", "OpzOCI", "OpzJSON", "OpzIO", "OpzTestKit", "OpzRegistryKit", system]),
    tests(
      "OpzFlow",
      [
        "OpzFlow", "OpzProject", "OpzPackage", "OpzTrust", "OpzRegistry", "OpzDistribution", "OpzDeploy", "OpzMLflow",
        "OpzPython", "OpzArchive", "OpzInference", "OpzFormats", "OpzSQL", "OpzDatabase", "OpzModel", "OpzHTTP",
        "OpzStore", "OpzYAML", "OpzOCI", "OpzJSON", "OpzIO", "OpzTestKit", "OpzRegistryKit", system,
      ]),
    tests(
      "OpzCLI", ["OpzCLI", "OpzFlow", "OpzModel", "OpzOCI", "OpzJSON", "OpzIO", "OpzTestKit", "OpzRegistryKit", system]),
    tests(
      "OpzHub",
      [
        "OpzHub", "opz-hub", "OpzHTTPServer", "OpzDistribution", "OpzHTTP", "OpzRegistry", "OpzStore", "OpzOCI",
        "OpzJSON", "OpzIO", "OpzTestKit", system,
      ] + nio),
  ]
}

// OPZ_TOOLS=1 adds the programs of scripts/test-peers, scripts/torture-formats and scripts/bench-serving, which nobody
// else needs.
if Context.environment["OPZ_TOOLS"] == "1" {
  let models: [Target.Dependency] = ["OpzTestKit", "OpzScoring", "OpzFormats", "OpzModel", "OpzWire", "OpzIO", system]
  targets += ["opz-check-models", "opz-torture-formats", "opz-fuzz-formats"].map {
    // libFuzzer brings the fuzzer's main.
    .executableTarget(
      name: $0, dependencies: models, swiftSettings: fast + [.unsafeFlags(["-parse-as-library"])])
  }
  if !light {
    targets.append(
      .executableTarget(
        name: "opz-constant-server",
        dependencies: [system, .product(name: "NIOHTTP1", package: "swift-nio")] + nio + nioHTTP2, swiftSettings: fast))
  }
}

// OPZ_TESTS=OpzArchive,OpzModel keeps the tests of these modules and what they need: the shortest way from a change to its test.
if let kept = Context.environment["OPZ_TESTS"], !kept.isEmpty {
  let named = Dictionary(targets.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
  var needed: Set<String> = []
  var waiting = kept.split(separator: ",").map { "\($0)Tests" }
  while let name = waiting.popLast() {
    guard let target = named[name], needed.insert(name).inserted else { continue }
    for case .byNameItem(let below, _) in target.dependencies { waiting.append(below) }
  }
  targets.removeAll { !needed.contains($0.name) }
  products = []
}

let package = Package(
  name: "opz", products: products, dependencies: packages, targets: targets)
