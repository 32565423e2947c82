import OpzIO
import OpzJSON
import OpzOCI
import Testing

@Suite("Manifests and configs")
struct DocumentTests {
  let config = Descriptor.of(Array("{}".utf8), .imageConfig)

  @Test("canonical JSON is sorted by bytes, escapes only what it must and has no spaces")
  func canonical() throws {
    let value: JSONValue = .object([
      "b": .array([.integer(1), .number(0.5), .null, .bool(true)]), "a/c": .string("é\n\"\\\u{1}/"), "Z": .object([:]),
      "\u{e9}": .integer(-9_223_372_036_854_775_808),
    ])
    let text = String(decoding: try CanonicalJSON.encode(value), as: UTF8.self)
    #expect(text == #"{"Z":{},"a/c":"é\n\"\\\u0001/","b":[1,0.5,null,true],"é":-9223372036854775808}"#)
  }

  @Test("pretty JSON ends with a line break and reads back the same")
  func pretty() throws {
    let value: JSONValue = .object(["a": .array([.integer(1), .integer(2)]), "b": .object([:]), "c": .array([])])
    let bytes = try CanonicalJSON.encodePretty(value)
    #expect(
      String(decoding: bytes, as: UTF8.self) == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}\n")
    #expect(try CanonicalJSON.decode(JSONValue.self, from: bytes, subject: "x") == value)
  }

  @Test("a manifest has golden bytes")
  func golden() throws {
    let manifest = try Manifest(
      Manifest.Content(config: config, layers: [Descriptor.of([1], .layerTarGzip)], annotations: ["b": "2", "a": "1"]))
    #expect(
      manifest.descriptor.digest.description
        == "sha256:151ea74f5664d5d2e55bd0ec6839fef85770ecc30b441064e26aeb3e7709296e")
  }

  @Test("a manifest keeps the bytes that it was read from")
  func raw() throws {
    let spaced = Array(
      """
      { "schemaVersion": 2, "extra": {"x": 1}, "layers": [],
        "config": {"mediaType": "\(config.mediaType)", "digest": "\(config.digest)", "size": 2} }
      """.utf8)
    let manifest = try Manifest(raw: spaced, mediaType: .imageManifest, subject: "test")
    #expect(manifest.raw == spaced)
    #expect(manifest.descriptor.digest == Digest.of(spaced))
  }

  @Test(
    "documents that two readers could read differently are refused",
    arguments: [
      #"{"schemaVersion":2,"config":{},"layers":[],"manifests":[]}"#,
      #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","config":{"mediaType":"a","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},"layers":[]}"#,
      #"{"schemaVersion":2,"manifests":[]}"#,
      #"{"schemaVersion":1,"config":{"mediaType":"a","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},"layers":[]}"#,
      #"{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:../../../etc/passwd","size":0},"layers":[]}"#,
      #"{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":-1},"layers":[]}"#,
      #"{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":1e99},"layers":[]}"#,
      "[]", "", "{", "null", "\"x\"",
    ])
  func refused(text: String) {
    #expect(throws: OCIError.self) { try Manifest(raw: Array(text.utf8), mediaType: .imageManifest, subject: "test") }
  }

  @Test("a manifest over 4 MiB is refused before it is parsed")
  func tooLarge() {
    let error = #expect(throws: OCIError.self) {
      try Manifest(raw: [UInt8](repeating: 32, count: 5 << 20), mediaType: .imageManifest, subject: "test")
    }
    #expect(error?.code == .tooLarge)
  }

  @Test("appending layers keeps members of the base's config that opz does not know")
  func unknownMembers() throws {
    let bytes = Array(
      #"{"architecture":"amd64","os":"linux","config":{"Env":["A=1"],"Healthcheck":{"Test":["NONE"]}},"rootfs":{"type":"layers","diff_ids":[]},"moby.x":[1]}"#
        .utf8)
    let manifest = try Manifest(Manifest.Content(config: .of(bytes, .imageConfig), layers: []))
    var execution = ImageConfig.Execution()
    execution.env = ["A=2"]
    execution.user = "1"
    let image = try Image(manifest: manifest, configBytes: bytes).appending(
      Image.Change(layers: [], history: [], execution: execution, created: "1970-01-01T00:00:00Z", annotations: [:]))
    let text = String(decoding: image.configBytes, as: UTF8.self)
    #expect(
      text
        == #"{"architecture":"amd64","config":{"Env":["A=2"],"Healthcheck":{"Test":["NONE"]},"User":"1"},"created":"1970-01-01T00:00:00Z","history":[],"moby.x":[1],"os":"linux","rootfs":{"diff_ids":[],"type":"layers"}}"#
    )
  }

  @Test("an index finds the manifest for a platform")
  func platforms() throws {
    var one = Descriptor.of([1], .imageManifest)
    one.platform = .linuxAMD64
    var two = Descriptor.of([2], .imageManifest)
    two.platform = Platform(os: "linux", architecture: "arm64")
    let index = try Index(Index.Content(manifests: [one, two]))
    #expect(index.manifests(for: .linuxAMD64).first?.digest == one.digest)
    #expect(index.manifests(for: Platform("linux/arm64")!).first?.digest == two.digest)
    #expect(index.manifests(for: Platform("linux/s390x")!).isEmpty)
  }
}
