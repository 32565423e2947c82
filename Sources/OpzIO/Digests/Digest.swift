/// The content address of a blob: an algorithm and its lower-case hex value.
///
/// A `Digest` can only be made from text that is exactly `sha256:` and 64 lower-case hex digits, or `sha512:` and
/// 128, so it is safe in a path and in a URL (OCI image-spec, descriptor.md; the strictness answers CVE-2024-3727 and
/// CVE-2024-37032).
public struct Digest: Hashable, Sendable {
  /// A hash algorithm that the OCI image-spec registers.
  public enum Algorithm: String, Sendable, CaseIterable {
    case sha256
    case sha512

    /// How many hex digits a value of this algorithm has.
    public var hexLength: Int { self == .sha256 ? 64 : 128 }
  }

  /// A SHA-256 is stored inline: a list of 100,000 files has one digest each, and an array would be an allocation
  /// each.
  private enum Value: Hashable, Sendable {
    case sha256(UInt64, UInt64, UInt64, UInt64)
    case sha512([UInt8])
  }

  private let value: Value

  public var algorithm: Algorithm {
    switch value {
    case .sha256: .sha256
    case .sha512: .sha512
    }
  }

  /// The value as lower-case hex digits, `algorithm.hexLength` of them.
  public var hex: String {
    var text: [UInt8] = []
    text.reserveCapacity(algorithm.hexLength)
    appendHex(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Parses `sha256:..` or `sha512:..`; nil unless the text is exactly one digest.
  public init?(_ text: String) {
    if let digest = Digest(sha256: Array(text.utf8)[...]) {
      self = digest
      return
    }
    let bytes = text.utf8
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
      let algorithm = Algorithm(rawValue: String(text[..<colon]))
    else { return nil }
    self.init(algorithm: algorithm, hex: String(text[bytes.index(after: colon)...]))
  }

  /// Parses the bytes of `sha256:` and 64 digits; nil for anything else. A fast path: lists of the local registry
  /// have hundreds of thousands of them.
  init?(sha256 text: ArraySlice<UInt8>) {
    guard text.count == 71, text.prefix(7).elementsEqual("sha256:".utf8) else { return nil }
    self.init(sha256Hex: text.dropFirst(7))
  }

  /// Parses the 64 lower-case hex digits of a SHA-256 value; nil for anything else.
  public init?(sha256Hex text: ArraySlice<UInt8>) {
    guard let digest = text.withUnsafeBufferPointer({ Digest(sha256Hex: $0) }) else { return nil }
    self = digest
  }

  /// Parses `sha256:` and 64 digits; nil for anything else.
  package init?(sha256Text text: UnsafeBufferPointer<UInt8>) {
    guard text.count == 71, text.prefix(7).elementsEqual("sha256:".utf8) else { return nil }
    self.init(sha256Hex: UnsafeBufferPointer(rebasing: text[7...]))
  }

  private init?(sha256Hex text: UnsafeBufferPointer<UInt8>) {
    guard text.count == 64, let base = UnsafeRawPointer(text.baseAddress) else { return nil }
    guard let one = Hex.word(base), let two = Hex.word(base + 16), let three = Hex.word(base + 32),
      let four = Hex.word(base + 48)
    else { return nil }
    value = .sha256(one, two, three, four)
  }

  /// Parses the UTF-8 bytes of a digest; nil for anything else.
  public init?(text: ArraySlice<UInt8>) {
    guard let digest = Digest(sha256: text) ?? Digest(String(decoding: text, as: UTF8.self)) else { return nil }
    self = digest
  }

  /// Makes a digest from a hex value; nil when it has another length than the algorithm's or other characters than
  /// 0-9 and a-f.
  public init?(algorithm: Algorithm, hex: String) {
    guard hex.utf8.count == algorithm.hexLength, let bytes = Hex.decode(Array(hex.utf8)) else { return nil }
    self.init(algorithm: algorithm, raw: bytes)
  }

  /// Makes a digest from a raw value of 32 or 64 bytes, which the caller has checked.
  init(algorithm: Algorithm, raw bytes: [UInt8]) {
    guard algorithm == .sha256 else {
      value = .sha512(bytes)
      return
    }
    func word(_ index: Int) -> UInt64 {
      bytes[(index * 8)..<(index * 8 + 8)].reduce(0) { $0 << 8 | UInt64($1) }
    }
    value = .sha256(word(0), word(1), word(2), word(3))
  }

  /// Makes a digest from a raw value; nil when `bytes` has another length than the algorithm's.
  public init?(_ algorithm: Algorithm, bytes: some Collection<UInt8>) {
    guard bytes.count * 2 == algorithm.hexLength else { return nil }
    self.init(algorithm: algorithm, raw: Array(bytes))
  }

  /// The raw value: 32 bytes for sha256, 64 for sha512.
  public var bytes: [UInt8] {
    switch value {
    case .sha512(let bytes): bytes
    case .sha256(let one, let two, let three, let four):
      [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
        for (index, word) in [one, two, three, four].enumerated() {
          UnsafeMutableRawBufferPointer(buffer).storeBytes(of: word.bigEndian, toByteOffset: index * 8, as: UInt64.self)
        }
        count = 32
      }
    }
  }

  /// Appends the value's lower-case hex digits to `text`.
  public func appendHex(to text: inout [UInt8]) {
    guard case .sha256(let one, let two, let three, let four) = value else { return Hex.append(bytes, to: &text) }
    for word in [one, two, three, four] { Hex.append(word, to: &text) }
  }

  /// Appends the whole digest, `sha256:..`, to `text`.
  public func append(to text: inout [UInt8]) {
    text += algorithm.rawValue.utf8
    text.append(UInt8(ascii: ":"))
    appendHex(to: &text)
  }

  /// The first 12 hex digits, for messages.
  public var short: String { String(hex.prefix(12)) }
}

extension Digest: CustomStringConvertible, LosslessStringConvertible {
  public var description: String { "\(algorithm.rawValue):\(hex)" }
}

extension Digest: Comparable {
  /// Orders digests by their text, `algorithm:hex`.
  public static func < (left: Digest, right: Digest) -> Bool { left.description < right.description }
}

extension Digest: Codable {
  /// Decodes a digest from a JSON string.
  /// - Throws: `DecodingError.dataCorrupted` when the string is not a digest.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let digest = Digest(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a digest: \(text.prefix(100))")
    }
    self = digest
  }

  /// Encodes the digest as a string, `algorithm:hex`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
