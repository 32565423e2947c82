import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

/// Documents nested 100,000 levels deep, in every command that reads one: an error with its exit code, never a crash.
@Suite("JSON nested 100,000 levels deep")
struct NestedJSONTests {
  let opz: Command

  init() throws { opz = try Command() }

  private static let depth = 100_000
  private static let lists = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
  private static let objects = String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth)

  /// The command was not ended by a signal, and its error says why.
  private func expectRefused(_ arguments: [String], reason: String = "nested deeper", _ codes: Set<Int32> = [1, 4, 6])
    throws
  {
    let result = try opz.run(arguments)
    #expect(codes.contains(result.status), "\(arguments): \(result.status) \(result.errorText.prefix(300))")
    #expect(result.errorText.contains(reason), "\(arguments): \(result.errorText.prefix(300))")
    #expect(!result.errorText.contains("Fatal") && result.errorText.utf8.count < 4000)
  }

  private func replace(_ path: FilePath, _ text: String) throws {
    try? Durable.remove(path)
    try Durable.replace(path, with: Array(text.utf8))
  }

  @Test("models, in lists and in objects", arguments: [lists, objects])
  func models(_ nested: String) throws {
    try opz.directory.write("m/model.json", "{\"version\":[1,7,6],\"learner\":{\"x\":\(nested)}}")
    try opz.directory.write("rows.csv", "a\n1\n")
    try opz.directory.write("m/opz.yaml", "opz: 1\nname: m\nmodel: {path: model.json}\nruntime: {kind: native}\n")
    try expectRefused(["inspect", "m/model.json"])
    try expectRefused(["score", "m/model.json", "--input", "rows.csv"])
    try expectRefused(["package", "m"])
    try expectRefused(["plan", "m"])
  }

  @Test("files of a project other than its model", arguments: [lists, objects])
  func project(_ nested: String) throws {
    let yaml = "opz: 1\nname: weights\nmodel: {path: weights.bin}\nruntime: {kind: model}\n"
    try opz.directory.write("p/metrics.json", "{\"a\":\(nested)}")
    try opz.directory.write("p/opz.yaml", yaml + "lineage: {metrics: metrics.json}\n")
    try expectRefused(["package", "p"])
    try opz.directory.write("p/opz.yaml", yaml)
    try opz.directory.write("p/opz.lock", "{\"version\":1,\"x\":\(nested)}")
    try expectRefused(["lock", "p"])
  }

  @Test("attachments", arguments: [lists, objects])
  func attachments(_ nested: String) throws {
    #expect(try opz("package", "p").status == 0)
    #expect(try opz("sign", "--generate-key", "key").status == 0)
    try opz.directory.write(
      "sbom.json", #"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"x":\#(nested)}]}"#)
    try opz.directory.write("sarif.json", #"{"version":"2.1.0","runs":[\#(nested)]}"#)
    try opz.directory.write("slsa.json", nested)
    for (type, file) in [("sbom", "sbom.json"), ("scan", "sarif.json"), ("slsaprovenance", "slsa.json")] {
      try expectRefused(["attest", "weights", "--type", type, "--predicate", file, "--key", "key.key"], [4])
    }
  }

  @Test("every file of a registry", arguments: [lists, objects])
  func registry(_ nested: String) throws {
    #expect(try opz("package", "p").status == 0)
    let root = opz.directory.path.appending("registry")
    let model = root.appending("models").appending("weights")
    let event = try #require(try Directory.entries(model.appending("events")).first)
    let commands = [
      ["list"], ["show", "weights"], ["fsck"], ["fsck", "--quick"], ["deploy", "weights", "--output", "-"],
    ]
    let record = model.appending("versions").appending("1.0.0").appending("version.json")
    for (file, text, commands) in [
      (root.appending("registry.json"), "{\"format\":1,\"x\":\(nested)}", commands),
      (root.appending("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\",\"x\":\(nested)}", commands),
      (record, "{\"format\":1,\"x\":\(nested)}", [["show", "weights"], ["fsck"], ["fsck", "--quick"]]),
    ] {
      // Readers that read at most 4 KiB of a marker file report that limit instead.
      let old = try FileBlob(file).bytes()
      try replace(file, text)
      for command in commands {
        let result = try opz.run(command)
        #expect([1, 4].contains(result.status), "\(command): \(result.status) \(result.errorText.prefix(300))")
        #expect((result.errorText + result.text).utf8.count < 8000)
      }
      try replace(file, String(decoding: old, as: UTF8.self))
      #expect(try opz("fsck").status == 0)
    }
    let text = "{\"format\":1,\"x\":\(nested)}"
    try Durable.remove(model.appending("events").appending(event))
    try replace(
      model.appending("events").appending("00000001-\(Digest.of(Array(text.utf8)).hex).json"), text)
    try? Durable.remove(root.appending("cache").appending("state").appending("weights"))
    for command in [["show", "weights"], ["fsck"], ["fsck", "--quick"], ["package", "p"]] {
      let result = try opz.run(command)
      #expect([1, 4].contains(result.status), "\(command): \(result.status) \(result.errorText.prefix(300))")
    }
  }

  @Test("a registry's caches are rebuilt, whatever they contain", arguments: [lists, objects])
  func caches(_ nested: String) throws {
    #expect(try opz("package", "p").status == 0)
    #expect(try opz("list").status == 0 && opz("fsck").status == 0)
    let wanted = try opz("list", "--json").text
    let cache = opz.directory.path.appending("registry").appending("cache")
    let found = try ChildProcess.run(["find", cache.string, "-type", "f"]).text.split(separator: "\n")
    #expect(!found.isEmpty)
    for text in [nested, "1\n\(nested)\n", ""] {
      for file in found { try replace(FilePath(String(file)), text) }
      #expect(try opz("list", "--json").text == wanted)
      #expect(try opz("show", "weights").status == 0)
      for command in [["list"], ["fsck", "--quick"], ["fsck"], ["package", "p"]] {
        let result = try opz.run(command)
        #expect(result.status == 0, "\(command): \(result.errorText.prefix(300))")
      }
    }
  }

  private func layout(_ name: String, manifest: String? = nil, config: String? = nil, index: String? = nil) throws
    -> String
  {
    let root = opz.directory.path.appending(name)
    func blob(_ text: String) throws -> (String, Int) {
      let digest = Digest.of(Array(text.utf8))
      try opz.directory.write("\(name)/blobs/sha256/\(digest.hex)", text)
      return ("\(digest)", text.utf8.count)
    }
    let (configDigest, configSize) = try blob(
      config ?? #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#)
    let text =
      manifest
      ?? #"{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"\#(configDigest)","size":\#(configSize)},"layers":[]}"#
    let (digest, size) = try blob(text)
    try opz.directory.write("\(name)/oci-layout", #"{"imageLayoutVersion":"1.0.0"}"#)
    try opz.directory.write(
      "\(name)/index.json",
      index
        ?? #"{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"\#(digest)","size":\#(size)}]}"#
    )
    return root.string
  }

  @Test("images in layouts: index, manifest and config", arguments: [lists, objects])
  func layouts(_ nested: String) throws {
    let good = try layout("good")
    #expect(try opz("copy", "oci:\(good)", "oci:out").status == 0)
    let config = #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"x":\#(nested)}"#
    for (name, place) in [
      ("index", try layout("a", index: #"{"schemaVersion":2,"manifests":[],"x":\#(nested)}"#)),
      ("manifest", try layout("b", manifest: #"{"schemaVersion":2,"layers":[],"x":\#(nested)}"#)),
      ("config", try layout("c", config: config)),
    ] {
      try expectRefused(["copy", "oci:\(place)", "oci:out-\(name)"], [4])
      try expectRefused(["copy", "oci:\(place)", "docker-archive:out.tar"], [4])
      try opz.directory.write(
        "p/opz.yaml",
        "opz: 1\nname: weights\nmodel: {path: weights.bin}\nruntime: {kind: custom, base: \"oci:\(place)\", command: [/a]}\n"
      )
      try expectRefused(["package", "p"], [4])
    }
  }

  @Test("login files", arguments: [lists, objects])
  func logins(_ nested: String) throws {
    try opz.directory.write(".docker/config.json", #"{"auths":{},"x":\#(nested)}"#)
    try expectRefused(["logout", "127.0.0.1:1"])
  }

  @Test("a document that container tools read differently is exit code 4, in a layout and in an archive")
  func ambiguous() throws {
    let good = #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#
    let entry = Descriptor.of(Array(good.utf8), .imageConfig)
    let config = #"{"mediaType":"\#(entry.mediaType)","digest":"\#(entry.digest)","size":\#(entry.size)}"#
    for (name, place) in [
      ("a", try layout("a", manifest: #"{"schemaVersion":2,"config":\#(config),"layers":[],"Layers":[]}"#)),
      ("b", try layout("b", manifest: #"{"schemaVersion":2,"config":\#(config),"layers":[],"l\u0061yers":[]}"#)),
      ("c", try layout("c", config: good.replacing("{\"arch", with: "{\"OS\":\"x\",\"arch"))),
      ("d", try layout("d", index: #"{"schemaVersion":2,"manifests":[],"Manifests":[]}"#)),
      ("e", try layout("e", manifest: "\u{FEFF}" + #"{"schemaVersion":2,"config":\#(config),"layers":[]}"#)),
    ] {
      let result = try opz("copy", "oci:\(place)", "oci:out-\(name)")
      #expect(result.status == 4, "\(name): \(result.status) \(result.errorText)")
      #expect(result.errorText.contains("hint:"), "\(result.errorText)")
    }
    try opz.directory.write("t/manifest.json", #"[{"Config":"c.json","config":"d.json","Layers":[]}]"#)
    try opz.directory.write("t/c.json", good)
    #expect(
      try ChildProcess.run(["tar", "-C", "\(opz.directory.path)/t", "-cf", "\(opz.directory.path)/i.tar", "."]).status
        == 0)
    #expect(try opz("copy", "docker-archive:i.tar", "oci:out").status == 4)
  }
}
