import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import OpzTestKit
import Testing

@testable import OpzTrust

@Suite("Bills of materials from other tools")
struct ModelBOMTests {
  static let image = Digest.of(Array("image".utf8))
  static let other = Digest.of(Array("another".utf8))
  static let now = Timestamp("2026-05-03T12:00:00Z")!

  /// A document whose `metadata.component` has these members.
  static func document(_ component: String, version: String = "1.6", time: String = "2026-05-03T12:00:00Z") -> JSONValue
  {
    let text = """
      {"bomFormat":"CycloneDX","specVersion":"\(version)","components":[{"type":"file","name":"x"}],
      "metadata":{"timestamp":"\(time)","component":{"type":"container","name":"a"\(component)}}}
      """
    return (try? JSONValue(json: Array(text.utf8))) ?? .null
  }

  static func check(_ document: JSONValue, about images: Set<Digest> = [image]) throws {
    try ModelBOM.check(document, about: images, now: now, subject: "x")
  }

  @Test(
    "one that names the image by purl, hashes or version is accepted",
    arguments: [
      ",\"purl\":\"pkg:oci/a@sha256%3A\(image.hex)?repository_url=h/a\"",
      ",\"purl\":\"pkg:oci/a@sha256%3a\(image.hex)\"",
      ",\"purl\":\"pkg:docker/h/a@\(image)#x\"", ",\"version\":\"\(image)\"",
      ",\"hashes\":[{\"alg\":\"SHA-256\",\"content\":\"\(image.hex.uppercased())\"}]",
      ",\"version\":\"1.0.0\",\"purl\":\"pkg:oci/a@\(image)\",\"hashes\":[{\"alg\":\"MD5\",\"content\":\"0\"}]",
    ])
  func taken(_ component: String) throws { try ModelBOMTests.check(ModelBOMTests.document(component)) }

  @Test(
    "one that names another image, or no image, is refused with the reason",
    arguments: [
      (",\"purl\":\"pkg:oci/a@sha256%3A\(other.hex)\"", "another image"),
      (",\"version\":\"\(other)\"", "another image"),
      (",\"purl\":\"pkg:oci/a@\(image)\",\"version\":\"\(other)\"", "another image"),
      (
        ",\"purl\":\"pkg:oci/a@\(image)\",\"hashes\":[{\"alg\":\"SHA-256\",\"content\":\"\(other.hex)\"}]",
        "another image"
      ),
      ("", "names no image"), (",\"purl\":\"pkg:oci/a@1.0\"", "names no image"),
      (",\"purl\":\"pkg:oci/a@sha256%3\"", "names no image"), (",\"version\":\"\(image.hex)\"", "names no image"),
      (",\"description\":\"\(image)\"", "names no image"), (",\"purl\":[]", "names no image"),
      (",\"hashes\":[1]", "names no image"),
      (",\"hashes\":[{\"alg\":\"SHA-512\",\"content\":\"00\"}]", "names no image"),
      (",\"Version\":\"x\",\"purl\":\"pkg:oci/a@\(image)\"", "ignore case"),
    ])
  func refused(_ component: String, _ reason: String) {
    let error = #expect(throws: TrustError.self) { try ModelBOMTests.check(ModelBOMTests.document(component)) }
    #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
  }

  @Test(
    "only known versions of CycloneDX are accepted",
    arguments: [
      ("1.2", true), ("1.3", true), ("1.4", true), ("1.5", true), ("1.6", true), ("1.7", true), ("1.1", false),
      ("1.8", false),
      ("1.60", false), ("1.6.1", false), ("1.", false), ("2.0", false), ("", false), (" 1.6", false),
    ])
  func versions(_ version: String, _ isKnown: Bool) {
    let document = ModelBOMTests.document(",\"version\":\"\(ModelBOMTests.image)\"", version: version)
    let error = (try? ModelBOMTests.check(document)) == nil
    #expect(error == !isKnown)
  }

  @Test(
    "its time must not be in the future",
    arguments: [
      ("2026-05-03T12:04:59Z", true), ("2020-01-01T00:00:00+01:00", true), ("2026-05-03T12:06:00Z", false),
      ("2126-01-01T00:00:00Z", false), ("yesterday", false),
    ])
  func times(_ time: String, _ isTaken: Bool) {
    let document = ModelBOMTests.document(",\"version\":\"\(ModelBOMTests.image)\"", time: time)
    #expect(((try? ModelBOMTests.check(document)) != nil) == isTaken)
  }

  @Test("a bill of one platform's image counts for the index, unless the index is described as a manifest")
  func platforms() async throws {
    let store = MemoryStore()
    let part = Descriptor.of(Array("part".utf8), .imageManifest)
    let index = try Index(Index.Content(manifests: [part]))
    try await store.put(.emptyConfig, from: BytesBlob(Array("{}".utf8)))
    try await store.put(index.descriptor, from: BytesBlob(index.raw))
    for (digest, type, isTaken) in [
      (part.digest, MediaType.imageIndex, true), (index.descriptor.digest, .imageIndex, true),
      (ModelBOMTests.other, .imageIndex, false), (part.digest, .imageManifest, false),
    ] {
      let bytes = try CanonicalJSON.encode(ModelBOMTests.document(",\"version\":\"\(digest)\""))
      let layer = Descriptor.of(bytes, ModelBOM.mediaType)
      try await store.put(layer, from: BytesBlob(bytes))
      let subject = Descriptor(mediaType: type, digest: index.descriptor.digest, size: index.descriptor.size)
      let manifest = try Manifest(
        Manifest.Content(artifactType: ModelBOM.mediaType, config: .emptyConfig, layers: [layer], subject: subject))
      try await store.put(manifest.descriptor, from: BytesBlob(manifest.raw))
      let all = try await Evidence.all(in: manifest.descriptor, about: index.descriptor.digest, from: store)
      let found = try #require(all.first)
      #expect((found.document(.billOfMaterials, as: ModelBOM.mediaType, signedBy: []) != nil) == isTaken)
    }
  }
}
