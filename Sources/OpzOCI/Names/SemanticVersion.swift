/// A semantic version (semver.org, 2.0.0).
///
/// Versions that differ only in build metadata have equal precedence but are not equal; they are ordered by their
/// text, so that sorting is deterministic.
public struct SemanticVersion: Hashable, Sendable, CustomStringConvertible, LosslessStringConvertible {
  public let major: UInt64
  public let minor: UInt64
  public let patch: UInt64
  /// The identifiers of a pre-release: `rc` and `1` for `1.0.0-rc.1`; empty for a release.
  public let prerelease: [String]
  /// The identifiers after `+`, which do not count for precedence.
  public let build: [String]

  /// A release version.
  public init(major: UInt64, minor: UInt64, patch: UInt64) {
    (self.major, self.minor, self.patch) = (major, minor, patch)
    prerelease = []
    build = []
  }

  /// Parses ASCII bytes; see `init(_:)`.
  public init?(ascii text: ArraySlice<UInt8>) {
    if let version = text.withUnsafeBufferPointer(SemanticVersion.plain) {
      self = version
    } else {
      self.init(parts: String(decoding: text, as: UTF8.self))
    }
  }

  /// A fast path for versions of three numbers: the local registry's files have hundreds of thousands of them.
  private static func plain(_ text: UnsafeBufferPointer<UInt8>) -> SemanticVersion? {
    var place = 0
    func number() -> UInt64? {
      let start = place
      var value: UInt64 = 0
      while place < text.count, (48...57).contains(text[place]) {
        guard place - start < 18 else { return nil }
        value = value &* 10 &+ UInt64(text[place] &- 48)
        place += 1
      }
      return place == start || (text[start] == 48 && place > start + 1) ? nil : value
    }
    func dot() -> Bool {
      guard place < text.count, text[place] == UInt8(ascii: ".") else { return false }
      place += 1
      return true
    }
    guard let major = number(), dot(), let minor = number(), dot(), let patch = number(), place == text.count else {
      return nil
    }
    return SemanticVersion(major: major, minor: minor, patch: patch)
  }

  /// Parses a version of at most 128 bytes; nil for a leading `v`, leading zeros, or a number of 2^63 or more.
  public init?(_ text: String) {
    if let version = text.utf8.withContiguousStorageIfAvailable(SemanticVersion.plain) ?? nil {
      self = version
    } else {
      self.init(parts: text)
    }
  }

  private init?(parts text: String) {
    guard text.utf8.count <= 128 else { return nil }
    let plus = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    let core = plus[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = core[0].split(separator: ".", omittingEmptySubsequences: false)
    guard numbers.count == 3, let major = SemanticVersion.number(numbers[0]),
      let minor = SemanticVersion.number(numbers[1]), let patch = SemanticVersion.number(numbers[2])
    else { return nil }
    (self.major, self.minor, self.patch) = (major, minor, patch)
    prerelease = core.count == 2 ? core[1].split(separator: ".", omittingEmptySubsequences: false).map(String.init) : []
    build = plus.count == 2 ? plus[1].split(separator: ".", omittingEmptySubsequences: false).map(String.init) : []
    guard prerelease.allSatisfy({ SemanticVersion.isIdentifier($0) && !SemanticVersion.hasLeadingZero($0) }),
      build.allSatisfy(SemanticVersion.isIdentifier)
    else { return nil }
  }

  public var description: String {
    "\(major).\(minor).\(patch)" + (prerelease.isEmpty ? "" : "-" + prerelease.joined(separator: "."))
      + (build.isEmpty ? "" : "+" + build.joined(separator: "."))
  }

  public var isPrerelease: Bool { !prerelease.isEmpty }

  /// The part of a version that a change increments.
  public enum Bump: String, Sendable, CaseIterable {
    case major, minor, patch
  }

  /// Returns the next release; for a pre-release such as 2.0.0-rc.1 this can be the release that it precedes.
  public func next(_ bump: Bump) -> SemanticVersion {
    switch bump {
    case .major:
      isPrerelease && minor == 0 && patch == 0 ? release : SemanticVersion(major: major &+ 1, minor: 0, patch: 0)
    case .minor: isPrerelease && patch == 0 ? release : SemanticVersion(major: major, minor: minor &+ 1, patch: 0)
    case .patch: isPrerelease ? release : SemanticVersion(major: major, minor: minor, patch: patch &+ 1)
    }
  }

  private var release: SemanticVersion { SemanticVersion(major: major, minor: minor, patch: patch) }

  private static func number(_ text: Substring) -> UInt64? {
    guard !text.isEmpty, text.utf8.allSatisfy(isDigit), text == "0" || text.first != "0", let value = UInt64(text),
      value < 1 << 63
    else { return nil }
    return value
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isIdentifier(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        isDigit(byte) || byte == UInt8(ascii: "-") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
          || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      }
  }

  private static func hasLeadingZero(_ text: String) -> Bool {
    text.utf8.count > 1 && text.utf8.first == UInt8(ascii: "0") && text.utf8.allSatisfy(isDigit)
  }
}

extension SemanticVersion: Comparable {
  /// Compares by precedence (semver.org, section 11), then by build metadata.
  public static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
    if left.major != right.major { return left.major < right.major }
    if left.minor != right.minor { return left.minor < right.minor }
    if left.patch != right.patch { return left.patch < right.patch }
    switch (left.prerelease.isEmpty, right.prerelease.isEmpty) {
    case (true, false): return false
    case (false, true): return true
    default: break
    }
    for (one, two) in zip(left.prerelease, right.prerelease) where one != two { return precedes(one, two) }
    if left.prerelease.count != right.prerelease.count { return left.prerelease.count < right.prerelease.count }
    return left.build.joined(separator: ".").utf8.lexicographicallyPrecedes(right.build.joined(separator: ".").utf8)
  }

  private static func precedes(_ one: String, _ two: String) -> Bool {
    let digits = (one.utf8.allSatisfy(isDigit), two.utf8.allSatisfy(isDigit))
    switch digits {
    case (true, true):
      // Numbers of any length: without leading zeros the longer one is larger.
      let lengths = (one.utf8.count, two.utf8.count)
      return lengths.0 == lengths.1 ? one.utf8.lexicographicallyPrecedes(two.utf8) : lengths.0 < lengths.1
    case (true, false): return true
    case (false, true): return false
    case (false, false): return one.utf8.lexicographicallyPrecedes(two.utf8)
    }
  }
}
