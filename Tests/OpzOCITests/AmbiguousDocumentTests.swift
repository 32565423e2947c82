import OpzIO
import OpzOCI
import Testing

/// Documents that container tools, which ignore case and use the last of two equal keys, would read differently.
@Suite("Ambiguous documents")
struct AmbiguousDocumentTests {
  private static let digest = "sha256:" + String(repeating: "ab", count: 32)
  private static let layer = #"{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"\#(digest)","size":1}"#
  private static let configEntry =
    #"{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"\#(digest)","size":1}"#

  private static func text(_ more: String = "", config: String = configEntry, layer: String = layer) -> String {
    #"{"schemaVersion":2,"config":\#(config),"layers":[\#(layer)]\#(more)}"#
  }

  static let manifests = [
    text(#","layers":[]"#), text(#","Layers":[]"#), text(#","layer\u0073":[]"#), text(#","LAYERS":[]"#),
    text(",\"layer\u{17F}\":[]"), text(#","Config":{}"#), text(#","\u0063onfig":{}"#),
    text(#","mediaType":"""#), text(#","MediaType":"application/x""#), text(#","Manifests":[]"#),
    text(#","manifests":[]"#), text(#","fsLayers":[{"blobSum":"x"}]"#), text(#","FSLayers":[]"#),
    text(#","subject":{"mediaType":"a/b","digest":"\#(digest)","size":1,"Digest":"x"}"#),
    text(#","annotations":{"a":"1","a":"2"}"#), text(#","extra":{"a":1,"a":2}"#), text() + "{}",
    "\u{FEFF}" + text(), text(layer: layer.replacing("}", with: #","size":2}"#)),
    text(layer: layer.replacing("}", with: #","Size":2}"#)),
    text(layer: layer.replacing("}", with: #","platform":{"os":"linux","architecture":"amd64","OS":"x"}}"#)),
    text(layer: layer.replacing("application/vnd.oci.image.layer.v1.tar", with: "")),
    text(config: configEntry.replacing("}", with: #","DIGEST":"x"}"#)), text(#","x":"\ud800""#),
  ]

  @Test("a manifest is refused", arguments: manifests)
  func manifest(_ text: String) {
    let error = #expect(throws: OCIError.self) {
      try Manifest(raw: Array(text.utf8), mediaType: .imageManifest, subject: "test")
    }
    #expect(error?.code == .ambiguousDocument, "\(text)")
    #expect(error?.category == .verification)
    // Reading a referrer does not check whether it is a manifest.
    if text.contains("manifests") || text.contains("fsLayers") { return }
    let referrer = #expect(throws: OCIError.self) {
      try ReferrerEntry(Array(text.utf8), Descriptor.of(Array(text.utf8), .imageManifest))
    }
    #expect(referrer?.code == .ambiguousDocument)
  }

  @Test("a manifest in UTF-16 is refused", arguments: [true, false])
  func wide(_ isBigEndian: Bool) {
    let bytes = Self.text().utf16.flatMap { unit in
      isBigEndian ? [UInt8(unit >> 8), UInt8(unit & 255)] : [UInt8(unit & 255), UInt8(unit >> 8)]
    }
    let error = #expect(throws: OCIError.self) {
      try Manifest(raw: bytes, mediaType: .imageManifest, subject: "test")
    }
    #expect(error?.code == .ambiguousDocument)
  }

  @Test("an unusual but unambiguous document is accepted")
  func taken() throws {
    for text in [
      Self.text(), Self.text(#","annotations":{"a":"1","A":"2","Config":"3"}"#),
      Self.text(#","annotations":null,"subject":null,"mediaType":null"#), " " + Self.text() + "\n",
      Self.text(#","extra":{"Config":1,"config":2}"#), Self.text(#","\u0061nnotations":{"a":"1"}"#),
    ] {
      let manifest = try Manifest(raw: Array(text.utf8), mediaType: .imageManifest, subject: "test")
      #expect(manifest.content.layers.count == 1)
    }
  }

  @Test(
    "an index is refused",
    arguments: [
      #"{"schemaVersion":2,"manifests":[],"Manifests":[]}"#, #"{"schemaVersion":2,"manifests":[],"manifests":[]}"#,
      #"{"schemaVersion":2,"manifests":[{"mediaType":"a/b","digest":"\#(digest)","size":1,"Platform":{}}]}"#,
      #"{"schemaVersion":2,"manifests":[],"Layers":[]}"#,
    ])
  func index(_ text: String) {
    let error = #expect(throws: OCIError.self) { try Index(raw: Array(text.utf8), subject: "test") }
    #expect(error?.code == .ambiguousDocument)
  }

  private static let good =
    #"{"architecture":"amd64","os":"linux","config":{"Cmd":["a"],"Labels":{"a":"1","A":"2"}},"rootfs":{"type":"layers","diff_ids":[]}}"#

  @Test(
    "a config is refused",
    arguments: [
      good.replacing("\"Cmd\"", with: "\"cmd\""), good.replacing("\"Cmd\":", with: #""Cmd":[],"Cmd":"#),
      good.replacing("\"config\":{", with: "\"config\":{\"entrypoint\":[\"evil\"],"),
      good.replacing("\"config\":{", with: #""Config":{},"config":{"#),
      good.replacing("\"rootfs\":", with: #""RootFS":{},"rootfs":"#),
      good.replacing("diff_ids", with: "DIFF_IDS\":[],\"diff_ids"), good + " {}",
      good.replacing("{\"architecture\"", with: "{\"OS\":\"windows\",\"architecture\""),
    ])
  func config(_ text: String) throws {
    let bytes = Array(text.utf8)
    let manifest = try Manifest(Manifest.Content(config: .of(bytes, .imageConfig), layers: []))
    let error = #expect(throws: OCIError.self) { try Image(manifest: manifest, configBytes: bytes) }
    #expect(error?.code == .ambiguousDocument)
    #expect(throws: OCIError.self) { try ImageConfig.check(bytes, subject: "test") }
  }

  @Test("a config as Docker and BuildKit write it is accepted")
  func docker() throws {
    let text = """
      {"architecture":"amd64","config":{"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,
      "Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":["PATH=/bin"],"Cmd":["sh"],"Image":"","Volumes":null,"WorkingDir":"","Entrypoint":null,
      "OnBuild":null,"Labels":null,"ArgsEscaped":true,"Healthcheck":{"Test":["NONE"],"Interval":1,"StartPeriod":2,"Retries":3}},
      "container":"x","container_config":{"Hostname":"h","Cmd":["a"]},"created":"2026-01-01T00:00:00Z","docker_version":"20","os":"linux",
      "history":[{"created":"2026-01-01T00:00:00Z","created_by":"x","empty_layer":true,"comment":"c"}],"rootfs":{"type":"layers","diff_ids":[]},
      "moby.buildkit.buildinfo.v1":"x","variant":"v8","os.version":"1","Size":0,"id":"x","parent":"y"}
      """
    let bytes = Array(text.utf8)
    let manifest = try Manifest(Manifest.Content(config: .of(bytes, .dockerConfig), layers: []))
    _ = try Image(manifest: manifest, configBytes: bytes)
    _ = try Image(manifest: manifest, configBytes: Array(Self.good.utf8))
  }
}
