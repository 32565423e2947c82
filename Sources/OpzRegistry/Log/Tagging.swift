import OpzIO
import OpzJSON
public import OpzOCI
import OpzStore

extension Registry {
  public static let cardType = MediaType("text/markdown")
  /// In bytes.
  public static let cardLimit = 1 << 20

  /// Sets tags of a version, and removes those that are nil.
  public func tag(_ version: Version, _ tags: [String: String?], by author: Author) throws {
    for (key, value) in tags {
      guard !key.isEmpty, key.utf8.count <= 128, !key.utf8.contains(where: { $0 < 33 || $0 == UInt8(ascii: "=") })
      else {
        throw RegistryError(.badName, key, reason: "not a tag's name: 1 to 128 bytes without spaces or =")
      }
      guard (value ?? "").utf8.count <= 4096 else {
        throw RegistryError(
          .badName, key, reason: "the tag's value has more than 4,096 bytes", hint: "opz tag --card holds longer texts")
      }
    }
    try note(.tagged, version, by: author, details: tags.mapValues { $0.map { .string($0) } ?? .null })
  }

  /// Keeps a model card with a version: markdown, a blob.
  public func describe(_ version: Version, _ markdown: [UInt8], by author: Author) throws {
    guard markdown.count <= Registry.cardLimit, String(validating: markdown, as: UTF8.self) != nil else {
      throw RegistryError(
        .badName, version.record.reference,
        reason: "a model card is UTF-8 text of at most 1 MiB; this has \(markdown.count) bytes")
    }
    let blob = try store.put(markdown, Registry.cardType)
    try note(.described, version, by: author, details: ["card": try JSONValue(encoding: blob.withoutAnnotations)])
  }

  /// The model card of a version, if it has one.
  public func card(of version: Version, in state: ModelState? = nil) throws -> String? {
    guard let blob = try (state ?? self.state(version.name)).cards[version.version] else { return nil }
    return String(decoding: try SmallFile.read(store.path(of: blob.digest), limit: Registry.cardLimit), as: UTF8.self)
  }
}
