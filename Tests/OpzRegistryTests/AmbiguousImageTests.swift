import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzRegistry

/// Images that container tools would read differently than opz does, in a registry and on the way into it.
@Suite("Ambiguous images")
struct AmbiguousImageTests {
  private static let configs = [
    #"{"architecture":"amd64","os":"linux","config":{"Cmd":["a"],"cmd":["b"]},"rootfs":{"type":"layers","diff_ids":[]}}"#,
    #"{"architecture":"amd64","os":"linux","config":{"Cmd":["a"],"Cmd":["b"]},"rootfs":{"type":"layers","diff_ids":[]}}"#,
    #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"\#u{17F}ize":1,"Size":1}"#,
    #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}} {}"#,
    #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"x":"#
      + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000) + "}",
  ]

  private static func manifest(_ config: Descriptor, _ more: String = "") -> [UInt8] {
    Array(
      #"{"schemaVersion":2,"config":{"mediaType":"\#(config.mediaType)","digest":"\#(config.digest)","size":\#(config.size)},"layers":[]\#(more)}"#
        .utf8)
  }

  @Test("an audit names a configuration that other readers read differently", arguments: configs)
  func audit(_ text: String) async throws {
    let fixture = try RegistryFixture()
    let config = try fixture.registry.store.put(Array(text.utf8), .imageConfig)
    let image = try fixture.registry.store.put(Self.manifest(config), .imageManifest)
    let record = VersionRecord(
      name: "churn", version: "1.0.0", created: "2026-01-01T00:00:00Z", tool: "test", image: image,
      content: config.digest, runtime: .init(kind: "model"), platforms: ["linux/amd64"], layers: [], files: [],
      model: nil, lineage: Lineage(), deploy: nil, pushTo: nil, tests: [])
    _ = try fixture.registry.record(ModelName("churn"), by: Author(actor: "t")) { _ in
      .new(record, SemanticVersion(major: 1, minor: 0, patch: 0))
    }
    let problems = try await fixture.registry.fsck().problems
    #expect(problems.contains { "\($0)".contains("\(config.digest)") }, "\(problems)")
    let error = await #expect(throws: OCIError.self) { try await fixture.registry.store.image(image) }
    #expect(error?.category == .verification)
    let copied = await #expect(throws: OCIError.self) {
      try await copy(image, from: fixture.registry.store, to: MemoryStore())
    }
    #expect(copied?.category == .verification)
  }

  @Test("a repository refuses such a configuration", arguments: configs)
  func pushedConfig(_ text: String) throws {
    let fixture = try RegistryFixture()
    let repository = fixture.registry.repository(try #require(RepositoryName("a/b")))
    let config = try fixture.registry.store.put(Array(text.utf8), .imageConfig)
    #expect(throws: OCIError.self) { try repository.put(Self.manifest(config), .imageManifest, tags: ["1"]) }
    #expect(try repository.resolve("1") == nil)
  }

  @Test(
    "a repository refuses such a manifest, and none is recorded",
    arguments: [
      #","Layers":[]"#, #","layers":[]"#, #","annotations":{"a":"1","a":"2"}"#, #","mediaType":"""#,
      #","x":"# + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000),
    ])
  func pushedManifest(_ more: String) throws {
    let fixture = try RegistryFixture()
    let repository = fixture.registry.repository(try #require(RepositoryName("a/b")))
    let config = try fixture.registry.store.put(
      Array(#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#.utf8), .imageConfig)
    _ = try repository.put(Self.manifest(config), .imageManifest, tags: ["good"])
    #expect(throws: OCIError.self) { try repository.put(Self.manifest(config, more), .imageManifest, tags: ["1"]) }
    let index = Array(#"{"schemaVersion":2,"manifests":[]\#(more)}"#.utf8)
    if !more.contains("ayers") {
      #expect(throws: OCIError.self) { try repository.put(index, .imageIndex, tags: ["1"]) }
    }
    let image = try fixture.registry.store.put(Self.manifest(config, more), .imageManifest)
    let record = VersionRecord(
      name: "churn", version: "1.0.0", created: "2026-01-01T00:00:00Z", tool: "test", image: image,
      content: config.digest, runtime: .init(kind: "model"), platforms: ["linux/amd64"], layers: [], files: [],
      model: nil, lineage: Lineage(), deploy: nil, pushTo: nil, tests: [])
    #expect(throws: OCIError.self) {
      try fixture.registry.record(ModelName("churn"), by: Author(actor: "t")) { _ in
        .new(record, SemanticVersion(major: 1, minor: 0, patch: 0))
      }
    }
  }

  @Test(
    "a record or an event with keys that only some readers find is refused",
    arguments: [
      (#""name""#, #""Name":"x","name""#), (#""name""#, #""name":"x","name""#),
      (#""lineage""#, #""Lineage":{},"lineage""#),
      (#""digest""#, #""Digest":"x","digest""#), (#""kind""#, "\"\u{212A}ind\":\"x\",\"kind\""),
    ])
  func records(_ key: String, _ changed: String) throws {
    let fixture = try RegistryFixture()
    let record = try fixture.record("churn", "1.0.0", content: "x")
    let text = String(decoding: try CanonicalJSON.encode(record), as: UTF8.self)
    #expect(try VersionRecord.decode(Array(text.utf8), subject: "x") == record)
    let range = try #require(text.firstRange(of: key))
    let error = #expect(throws: OCIError.self) {
      try VersionRecord.decode(Array(text.replacingCharacters(in: range, with: changed).utf8), subject: "x")
    }
    #expect(error?.code == .ambiguousDocument)
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
  }
}
