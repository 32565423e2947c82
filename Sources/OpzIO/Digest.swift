/// The content address of a blob: an algorithm and its lower-case hex value.
///
/// A `Digest` can only be made from text that is strictly `sha256:` and 64 hex digits or `sha512:` and 128, so it is safe
/// in a path and in a URL (OCI image-spec, descriptor.md; the strictness answers CVE-2024-3727 and CVE-2024-37032).
public struct Digest: Hashable, Sendable {
  public enum Algorithm: String, Sendable, CaseIterable {
    case sha256
    case sha512

    /// How many hex digits a value has.
    public var hexLength: Int { self == .sha256 ? 64 : 128 }
  }

  public let algorithm: Algorithm
  /// Lower-case hex digits, of the algorithm's length.
  public let hex: String

  /// The digest that `text` spells, or nil when the text is not exactly one.
  public init?(_ text: String) {
    let bytes = text.utf8
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
      let algorithm = Algorithm(rawValue: String(text[..<colon]))
    else { return nil }
    self.init(algorithm: algorithm, hex: String(text[bytes.index(after: colon)...]))
  }

  /// The digest with this hex value, or nil when the value has another length or another character than 0-9 and a-f.
  public init?(algorithm: Algorithm, hex: String) {
    guard hex.utf8.count == algorithm.hexLength, hex.utf8.allSatisfy(Digest.isLowerHex) else { return nil }
    self.algorithm = algorithm
    self.hex = hex
  }

  /// The digest whose raw value is `bytes`, 32 or 64 of them.
  init(algorithm: Algorithm, raw bytes: some Sequence<UInt8>) {
    self.algorithm = algorithm
    self.hex = Hex.encode(bytes)
  }

  /// The digest whose raw value is `bytes`; nil when there are not as many as the algorithm has.
  public init?(_ algorithm: Algorithm, bytes: some Collection<UInt8>) {
    guard bytes.count * 2 == algorithm.hexLength else { return nil }
    self.init(algorithm: algorithm, raw: bytes)
  }

  /// The raw value, 32 or 64 bytes.
  public var bytes: [UInt8] { Hex.decode(hex.utf8) ?? [] }

  /// The first 12 hex digits, for people.
  public var short: String { String(hex.prefix(12)) }

  private static func isLowerHex(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
}

extension Digest: CustomStringConvertible, LosslessStringConvertible {
  public var description: String { "\(algorithm.rawValue):\(hex)" }
}

extension Digest: Comparable {
  public static func < (left: Digest, right: Digest) -> Bool { left.description < right.description }
}

extension Digest: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let digest = Digest(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a digest: \(text.prefix(100))")
    }
    self = digest
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
