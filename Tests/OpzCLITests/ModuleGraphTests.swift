import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("The module graph")
struct ModuleGraphTests {
  /// From the lowest to the highest; a module may import those before it. ARCHITECTURE.md's table has the same order.
  static let order = [
    "CLinux", "CStart", "CLazy", "CWorkers", "CCrypto", "CSQLite", "CPostgres", "CODBC", "CDeflate", "CLibYAML",
    "CZlib",
    "CZstd",
    "CArchive", "CCurl", "COpzTrees", "OpzIO",
    "OpzJSON", "OpzWire", "OpzTOML", "OpzYAML", "OpzKubernetes", "OpzHTTP",
    "OpzOCI",
    "OpzArchive",
    "OpzStore",
    "OpzPython", "OpzDebian",
    "OpzDistribution", "OpzModel", "OpzFormats", "OpzScoring", "OpzSQL", "OpzDatabase", "OpzInference",
    "OpzWorkerFiles", "OpzWorkers",
    "OpzSecrets", "OpzRegistry", "OpzTrust", "OpzDeploy", "OpzLint", "OpzPackage", "OpzProject",
    "OpzMLflow", "OpzFlow", "OpzCLI", "opz",
    "OpzHTTPServer", "OpzServe",
    "opz-server", "OpzHub", "opz-hub", "opz-bench-scoring", "OpzTestKit", "OpzRegistryKit",
    "opz-check-models", "opz-torture-formats", "opz-fuzz-formats", "opz-constant-server",
  ]

  /// Which modules of this package each module may import, and why not more.
  static let allowed: [String: Set<String>] = [
    "OpzIO": ["CLinux", "CStart", "CCrypto"],
    // No Foundation either, because it is part of the static server.
    "OpzJSON": [],
    // The same.
    "OpzWire": [],
    // Text to values, for locks and for the files of mirrors.
    "OpzTOML": [],
    // Text to nodes and back, on libyaml alone.
    "OpzYAML": ["OpzIO", "CLibYAML"],
    // Names, quantities, schedules and autoscalers as Kubernetes computes them, for deploy and lint alike: no YAML.
    "OpzKubernetes": ["OpzIO"],
    // Nothing about registries, because wheels are downloaded with it too.
    "OpzHTTP": ["OpzIO", "CCurl"],
    "OpzOCI": ["OpzJSON", "OpzIO"],
    "OpzArchive": ["OpzOCI", "OpzJSON", "OpzIO", "CArchive", "CDeflate", "CZlib", "CZstd"],
    "OpzPython": ["OpzArchive", "OpzTOML", "OpzOCI", "OpzIO"],
    // Bytes to packages: no connection, no program.
    "OpzDebian": ["OpzArchive", "OpzIO"],
    "OpzStore": ["OpzOCI", "OpzJSON", "OpzIO", "CLinux"],
    "OpzDistribution": ["OpzHTTP", "OpzStore", "OpzTOML", "OpzOCI", "OpzJSON", "OpzIO"],
    // Part of the static server: no OCI, no Foundation, no packaging code.
    "OpzModel": ["OpzJSON", "OpzIO"],
    "OpzFormats": ["OpzModel", "OpzJSON", "OpzWire", "OpzIO", "CDeflate"],
    // Ensembles to scores, whatever their format was.
    "OpzScoring": ["OpzModel", "OpzIO", "COpzTrees"],
    // A model as text: no database.
    "OpzSQL": ["OpzModel", "OpzIO"],
    // Statements and rows, whatever they are about.
    "OpzDatabase": ["OpzIO", "CSQLite", "CPostgres", "CODBC"],
    // What requests mean: no sockets, part of the static server.
    "OpzInference": ["OpzScoring", "OpzFormats", "OpzModel", "OpzWire", "OpzJSON", "OpzIO", "CDeflate"],
    // Processes that run models: no sockets, part of the static server.
    "OpzWorkers": ["OpzInference", "OpzJSON", "OpzIO", "CWorkers"],
    // Bytes that are laid into images.
    "OpzWorkerFiles": [],
    // For scripts/bench-scoring.
    "opz-bench-scoring": ["OpzScoring", "OpzFormats", "OpzModel"],
    // For scripts/test-peers and scripts/torture-formats.
    "opz-check-models": ["OpzTestKit", "OpzScoring", "OpzFormats", "OpzModel"],
    "opz-torture-formats": ["OpzTestKit", "OpzFormats", "OpzModel", "OpzWire", "OpzIO"],
    "opz-fuzz-formats": ["OpzTestKit", "OpzFormats", "OpzModel", "OpzIO"],
    // For scripts/bench-serving: SwiftNIO alone, so that it is a floor.
    "opz-constant-server": [],
    "OpzRegistry": ["OpzYAML", "OpzStore", "OpzOCI", "OpzJSON", "OpzIO"],
    // Signatures bring libcrypto's providers, so the static server must not depend on it.
    // Bytes to findings, for scans and for packaging.
    "OpzSecrets": ["OpzIO"],
    "OpzTrust": [
      "OpzSecrets", "OpzRegistry", "OpzArchive", "OpzYAML", "OpzStore", "OpzOCI", "OpzJSON", "OpzIO", "CCrypto",
    ],
    "OpzPackage": [
      "OpzSecrets", "OpzArchive", "OpzPython", "OpzDebian", "OpzStore", "OpzYAML", "OpzOCI", "OpzJSON", "OpzIO",
    ],
    // The sections of opz.yaml, each read by the module that it is about.
    "OpzProject": [
      "OpzPackage", "OpzRegistry", "OpzDeploy", "OpzFormats", "OpzArchive", "OpzStore", "OpzYAML", "OpzOCI", "OpzJSON",
      "OpzIO",
    ],
    // From plans to text, without files or network.
    "OpzDeploy": ["OpzKubernetes", "OpzYAML", "OpzOCI", "OpzJSON", "OpzIO"],
    // From text to findings, without registry or network.
    "OpzLint": ["OpzSecrets", "OpzKubernetes", "OpzYAML", "OpzOCI", "OpzJSON", "OpzIO"],
    "OpzMLflow": ["OpzOCI", "OpzJSON", "OpzIO", "CSQLite"],
    // Used by both servers; knows nothing about models or registries.
    "OpzHTTPServer": ["OpzIO"],
    "OpzServe": [
      "OpzHTTPServer", "OpzWorkers", "OpzInference", "OpzScoring", "OpzFormats", "OpzModel", "OpzWire", "OpzJSON",
      "OpzIO",
    ],
    "opz-server": ["OpzServe", "OpzWorkers", "OpzFormats", "OpzIO"],
    // Separate from opz's own graph, so that SwiftNIO stays out of opz.
    "OpzHub": ["OpzHTTPServer", "OpzRegistry", "OpzStore", "OpzYAML", "OpzOCI", "OpzJSON", "OpzIO"],
    "opz-hub": ["OpzHub", "OpzIO"],
    "opz": ["OpzCLI"],
  ]

  private func imports() throws -> [(module: String, file: String, imported: String)] {
    let root = PackageRoot.path(#filePath).appending("Sources")
    var found: [(String, String, String)] = []
    func walk(_ directory: FilePath, _ module: String) throws {
      for entry in try Directory.entries(directory) {
        let path = directory.appending(entry)
        if try FileStatus.of(path).kind == .directory {
          try walk(path, module)
        } else if entry.extension == "swift" {
          let text = String(decoding: try FileBlob(path).bytes(), as: UTF8.self)
          for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
            guard let index = words.firstIndex(of: "import"), index <= 1, words.count > index + 1 else { continue }
            found.append((module, entry.string, String(words[index + 1])))
          }
        }
      }
    }
    for entry in try Directory.entries(root) where try FileStatus.of(root.appending(entry)).kind == .directory {
      try walk(root.appending(entry), entry.string)
    }
    return found
  }

  @Test("imports point downward only")
  func down() throws {
    let all = try imports()
    #expect(all.count > 100)
    for (module, file, imported) in all where !["OpzTestKit", "OpzRegistryKit"].contains(module) {
      guard let upper = ModuleGraphTests.order.firstIndex(of: module) else {
        Issue.record("\(module) has no place in the graph")
        continue
      }
      if let lower = ModuleGraphTests.order.firstIndex(of: imported) {
        #expect(lower < upper, "\(module)/\(file) imports \(imported)")
        if let allowed = ModuleGraphTests.allowed[module] {
          #expect(allowed.contains(imported), "\(module)/\(file) imports \(imported)")
        }
      }
    }
  }

  @Test("opz's graph has no NIO, the static server no ArgumentParser, and no program Foundation or Yams")
  func heavy() throws {
    for (module, file, imported) in try imports() {
      let inServer = [
        "OpzIO", "OpzJSON", "OpzWire", "OpzModel", "OpzFormats", "OpzScoring", "OpzInference", "OpzWorkerFiles",
        "OpzWorkers", "OpzHTTPServer", "OpzServe", "opz-server",
      ].contains(module)
      if inServer {
        #expect(imported != "ArgumentParser", "\(module)/\(file) imports \(imported)")
      }
      if ![
        "OpzHTTPServer", "OpzServe", "opz-server", "OpzHub", "opz-hub", "OpzTestKit", "OpzRegistryKit",
        "opz-constant-server",
      ].contains(module) {
        #expect(!imported.hasPrefix("NIO") && imported != "OpzHTTPServer", "\(module)/\(file) imports \(imported)")
      }
      // Foundation brings 37 MB of Unicode tables.
      if !["OpzTestKit", "OpzRegistryKit", "opz-check-models", "opz-torture-formats", "opz-fuzz-formats"].contains(
        module)
      {
        #expect(!["Foundation", "Yams", "CYaml"].contains(imported), "\(module)/\(file) imports \(imported)")
      }
    }
  }
}
