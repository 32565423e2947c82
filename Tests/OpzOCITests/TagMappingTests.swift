import OpzIO
import OpzOCI
import Testing

@Suite("Names as tags")
struct TagMappingTests {
  static let image = Digest.of(Array("x".utf8))

  @Test("a version and its tag", arguments: ["1.0.0", "2.1.0-rc.1", "1.0.0+build.5", "1.0.0-a.b+c-d.e"])
  func versions(text: String) throws {
    let version = try #require(SemanticVersion(text))
    let tag = TagMapping.tag(of: version)
    #expect(Reference.isTag(tag) && TagMapping.version(ofTag: tag) == version)
  }

  @Test("a tag that is no version's", arguments: ["latest", "", "1_0", "sha256-00"])
  func others(tag: String) { #expect(TagMapping.version(ofTag: tag) == nil) }

  @Test("tags beside an image are those of the specifications")
  func besideAnImage() {
    let hex = Self.image.hex
    #expect(TagMapping.referrersTag(of: Self.image) == "sha256-\(hex)")
    #expect(TagMapping.attachmentTag(of: Self.image, suffix: "sig") == "sha256-\(hex).sig")
    #expect(TagMapping.companionTag(of: "1.0", name: "modelpack") == "1.0.modelpack")
  }

  @Test("every digest's tags are tags, long ones too")
  func long() throws {
    let digest = try #require(Digest("sha512:" + String(repeating: "a", count: 128)))
    #expect(Reference.isTag(TagMapping.referrersTag(of: digest)))
    #expect(Reference.isTag(TagMapping.attachmentTag(of: digest, suffix: "sbom")))
  }
}
