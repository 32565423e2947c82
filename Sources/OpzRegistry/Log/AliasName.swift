/// The name of an alias: `champion`, `production`. It never parses as a version.
public struct AliasName: Hashable, Sendable, Comparable, CustomStringConvertible, LosslessStringConvertible {
  public let description: String

  /// The alias that `text` names: a lower-case letter, then letters, digits, `-`, `_` or `.`, at most 63 bytes.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard (1...63).contains(bytes.count), AliasName.isLetter(bytes[0]), bytes.allSatisfy(AliasName.isAllowed) else {
      return nil
    }
    description = text
  }

  /// - Throws: `RegistryError.badName` with what is allowed.
  public init(parsing text: String) throws {
    guard let name = AliasName(text) else {
      throw RegistryError(
        .badName, text, "not an alias: a lower-case letter, then letters, digits, - _ or ., at most 63",
        hint: "write production, champion or eu-west")
    }
    self = name
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_.".utf8.contains(byte)
  }

  /// Orders names by their text.
  public static func < (one: AliasName, other: AliasName) -> Bool { one.description < other.description }
}
