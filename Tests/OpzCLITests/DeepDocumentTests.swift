import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("YAML nested 100,000 levels deep, in each command that reads it")
struct DeepDocumentTests {
  static let levels = 100_000

  /// Each is shorter than the limit of opz.yaml, 256 KiB. It is under its own key, so that what precedes it is valid.
  static let nests: [String: String] = [
    "flow sequences": String(repeating: "[", count: levels) + String(repeating: "]", count: levels),
    "flow mappings": String(repeating: "{a: ", count: levels / 2),
    "mixed": String(repeating: "[{a: ", count: levels / 2),
    "block sequences": "\n  " + String(repeating: "- ", count: levels),
    "block mappings": "\n" + (1...690).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
  ]

  private let opz: Command

  init() throws { opz = try Command() }

  /// Expects that the command was not ended by a signal and named the place.
  private func refuses(_ arguments: [String], _ files: [(String, String)], codes: Set<Int32> = [1, 5, 64]) throws {
    for (name, text) in files { try opz.directory.write(name, text) }
    let result = try opz.run(arguments)
    let said = result.text + result.errorText
    #expect(codes.contains(result.status), "\(arguments): \(result.status) \(said.prefix(500))")
    #expect(
      said.contains("nested deeper than") || said.contains("; the limit is") || said.contains("is not plain")
        // A block cannot be inside a flow mapping.
        || said.contains("not valid YAML: did not find expected"),
      "\(arguments): \(said.prefix(500))")
    #expect(said.utf8.count < 20_000)
  }

  @Test(
    "lint and resolve: manifests, kustomizations, values", arguments: nests.keys.sorted(), ["lint", "resolve", "check"])
  func manifests(_ nest: String, _ command: String) throws {
    let deep = try #require(DeepDocumentTests.nests[nest])
    let texts = [
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: \(deep)\n",
      "kind: Kustomization\nimages: \(deep)\n", "image: {repository: r.example/a, tag: \(deep)\n",
      "apiVersion: v1\nkind: List\nitems: \(deep)\n",
    ]
    for text in texts {
      let arguments =
        switch command {
        case "lint": ["lint", "deep.yaml"]
        case "resolve": ["resolve", "-f", "deep.yaml"]
        default: ["resolve", "-f", "deep.yaml", "--check"]
        }
      try refuses(arguments, [("deep.yaml", text)])
    }
  }

  @Test("every rule handles a document of the maximum depth", arguments: ["lint", "resolve"])
  func deepest(_ command: String) throws {
    // The object, its spec, and 197 levels.
    let deep = String(repeating: "[", count: 197) + "{image: r.example/a}" + String(repeating: "]", count: 197)
    try opz.directory.write(
      "deep.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: \(deep)}\n")
    let result = try opz.run(command == "lint" ? ["lint", "deep.yaml"] : ["resolve", "-f", "deep.yaml", "--check"])
    #expect([0, 5].contains(result.status), "\(result.status) \(result.errorText.prefix(300))")
  }

  @Test("opz.yaml, in each of its sections", arguments: nests.keys.sorted())
  func project(_ nest: String) throws {
    let deep = try #require(DeepDocumentTests.nests[nest])
    for section in [
      "model", "runtime", "code", "files", "env", "platforms", "lineage", "deploy", "push", "version", "layers",
      "unknown",
    ] {
      let text = "opz: 1\nname: a\n\(section == "model" ? "" : "model: {path: m}\n")\(section): \(deep)\n"
      for command in ["plan", "package", "lock", "dockerfile"] {
        try refuses([command], [("opz.yaml", text), ("m", "x")], codes: [1, 2, 4, 64])
      }
    }
  }

  @Test("MLmodel and the files next to it", arguments: nests.keys.sorted())
  func mlflow(_ nest: String) throws {
    let deep = try #require(DeepDocumentTests.nests[nest])
    try refuses(["plan"], [("MLmodel", "flavors: \(deep)\n")], codes: [1, 2, 4, 64])
  }

  @Test("a registry's policy", arguments: nests.keys.sorted())
  func policy(_ nest: String) throws {
    let deep = try #require(DeepDocumentTests.nests[nest])
    #expect(try opz("package", "p").status == 0)
    try refuses(
      ["promote", "weights@1.0.0", "--to", "staging"], [("registry/policy.yaml", "opz: 1\npromote: \(deep)\n")],
      codes: [1, 2, 4, 64])
  }

  @Test("settings that a deploy takes from a file", arguments: nests.keys.sorted())
  func settings(_ nest: String) throws {
    let deep = try #require(DeepDocumentTests.nests[nest])
    #expect(try opz("package", "p").status == 0)
    let text = "opz: 1\nname: weights\nmodel: {path: weights.bin}\ndeploy: \(deep)\n"
    try refuses(["deploy", "weights@1.0.0", "--settings", "s.yaml"], [("s.yaml", text)], codes: [1, 2, 64])
  }
}
