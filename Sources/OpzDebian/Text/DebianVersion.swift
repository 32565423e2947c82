import OpzIO

/// The version of a Debian package, `[epoch:]upstream[-revision]`, in the order of deb-version(7).
public struct DebianVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// As it is written.
  public let description: String
  private let epoch: Int
  private let upstream: [UInt8]
  private let revision: [UInt8]

  private static let longest = 1_000

  /// Reads a version; nil for a text that dpkg would refuse.
  public init?(_ text: some StringProtocol) {
    var rest = Array(text.utf8)[...]
    guard !rest.isEmpty, rest.count <= DebianVersion.longest else { return nil }
    var epoch = 0
    if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
      guard let number = Int(decimal: rest[..<colon]), number <= Int(Int32.max) else { return nil }
      epoch = number
      rest = rest[(colon + 1)...]
    }
    var revision: ArraySlice<UInt8> = []
    if let hyphen = rest.lastIndex(of: UInt8(ascii: "-")) {
      revision = rest[(hyphen + 1)...]
      rest = rest[..<hyphen]
      guard !revision.isEmpty else { return nil }
    }
    guard let first = rest.first, (48...57).contains(first),
      rest.allSatisfy({ DebianVersion.isPlain($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ":") }),
      revision.allSatisfy(DebianVersion.isPlain)
    else { return nil }
    description = String(text)
    (self.epoch, upstream, self.revision) = (epoch, Array(rest), Array(revision))
  }

  /// The version of the R package that is in it, with dots for hyphens as R compares them: `6.0.93` of
  /// `6.0-93+dfsg-1`.
  public var ofR: String {
    let plain = upstream.prefix { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "~") }
    return String(decoding: plain.map { $0 == UInt8(ascii: "-") ? 46 : $0 }, as: UTF8.self)
  }

  /// Letters, digits, `.`, `+`, `~`.
  private static func isPlain(_ byte: UInt8) -> Bool {
    isDigit(byte) || isLetter(byte) || byte == 46 || byte == 43 || byte == 126
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
  private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }

  /// Whether both are the same in dpkg's order: `1.0` and `1.00` are.
  public static func == (one: DebianVersion, other: DebianVersion) -> Bool { order(one, other) == 0 }

  /// Whether one comes before the other.
  public static func < (one: DebianVersion, other: DebianVersion) -> Bool { order(one, other) < 0 }

  /// Equal versions have the same hash, whatever zeros they are written with.
  public func hash(into hasher: inout Hasher) { hasher.combine(epoch) }

  private static func order(_ one: DebianVersion, _ other: DebianVersion) -> Int {
    if one.epoch != other.epoch { return one.epoch < other.epoch ? -1 : 1 }
    let upstream = order(one.upstream, other.upstream)
    return upstream != 0 ? upstream : order(one.revision, other.revision)
  }

  /// The place of a character outside of numbers: `~` before the end, the end before letters, letters before the rest.
  private static func weight(_ bytes: [UInt8], _ place: Int) -> Int {
    guard place < bytes.count, !isDigit(bytes[place]) else { return 0 }
    let byte = bytes[place]
    return byte == UInt8(ascii: "~") ? -1 : isLetter(byte) ? Int(byte) : Int(byte) + 256
  }

  private static func order(_ one: [UInt8], _ other: [UInt8]) -> Int {
    var (i, j) = (0, 0)
    while i < one.count || j < other.count {
      while (i < one.count && !isDigit(one[i])) || (j < other.count && !isDigit(other[j])) {
        let (mine, theirs) = (weight(one, i), weight(other, j))
        if mine != theirs { return mine < theirs ? -1 : 1 }
        (i, j) = (i + 1, j + 1)
      }
      let (mine, theirs) = (number(one, &i), number(other, &j))
      if mine.count != theirs.count { return mine.count < theirs.count ? -1 : 1 }
      if mine != theirs { return mine.lexicographicallyPrecedes(theirs) ? -1 : 1 }
    }
    return 0
  }

  /// The digits from a place on, without zeros before them.
  private static func number(_ bytes: [UInt8], _ place: inout Int) -> ArraySlice<UInt8> {
    while place < bytes.count, bytes[place] == 48 { place += 1 }
    let start = place
    while place < bytes.count, isDigit(bytes[place]) { place += 1 }
    return bytes[start..<place]
  }
}
