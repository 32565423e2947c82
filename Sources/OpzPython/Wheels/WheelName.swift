/// A wheel's file name: `{distribution}-{version}(-{build})?-{python}-{abi}-{platform}.whl`
/// (PyPA, binary distribution format: file name convention).
public struct WheelName: Hashable, Sendable, CustomStringConvertible {
  /// The whole file name.
  public let description: String
  /// As spelled in the file name, escaped: `scikit_learn`.
  public let distribution: String
  /// As spelled in the file name.
  public let version: String
  public let build: BuildTag?
  /// The expanded tag sets, without duplicates.
  public let tags: [WheelTag]

  /// Maximum bytes of a file name (NAME_MAX).
  private static let limit = 255

  /// - Throws: `PythonError` if the text is not exactly a wheel's name.
  public init(parsing text: String) throws {
    func refuse(_ reason: String) -> PythonError {
      PythonError(
        .malformed, "wheel \"\(text.prefix(300))\"", reason: reason,
        hint: "a wheel is named {distribution}-{version}-{python tag}-{abi tag}-{platform tag}.whl")
    }
    guard text.hasSuffix(".whl") else { throw refuse("the name does not end in .whl") }
    guard text.utf8.count <= WheelName.limit else {
      throw refuse("the name has \(text.utf8.count) bytes, more than \(WheelName.limit)")
    }
    let parts = text.dropLast(4).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 5 || parts.count == 6 else {
      throw refuse("the name has \(parts.count) parts between dashes, not 5 or 6")
    }
    guard WheelName.isDistribution(parts[0]) else { throw refuse("\"\(parts[0])\" is not the name of a distribution") }
    guard WheelName.isVersion(parts[1]) else { throw refuse("\"\(parts[1])\" is not a version") }
    let build = parts.count == 6 ? BuildTag(parts[2]) : nil
    guard parts.count == 5 || build != nil else {
      throw refuse("\"\(parts[2])\" is not a build tag: digits, then letters")
    }
    guard let tags = WheelTag.expand(Array(parts.suffix(3))) else { throw refuse("its tags are not sets of names") }
    description = text
    distribution = String(parts[0])
    version = String(parts[1])
    self.build = build
    self.tags = tags
  }

  /// The distribution's normalized name: `scikit-learn`.
  public var normalizedDistribution: String { WheelName.normalized(distribution) }

  /// Lower case, with `-` for each run of `-`, `_` and `.` (PyPA, name normalization).
  static func normalized(_ name: some StringProtocol) -> String {
    let parts = name.lowercased().split(omittingEmptySubsequences: false) { "-_.".contains($0) }
    var kept: [Substring] = []
    for (index, part) in parts.enumerated() where !part.isEmpty || index == 0 || index == parts.count - 1 {
      kept.append(part)
    }
    return kept.joined(separator: "-")
  }

  /// Whether a directory `{stem}.dist-info` belongs to this distribution and version, in any spelling.
  func isStem(_ stem: some StringProtocol) -> Bool {
    // Lowercasing would turn some non-ASCII letters into ASCII.
    guard stem.utf8.allSatisfy({ $0 < 0x80 }) else { return false }
    return stem.indices.contains { index in
      stem[index] == "-" && WheelName.normalized(stem[..<index]) == normalizedDistribution
        && NormalizedVersion.key(stem[stem.index(after: index)...]) == NormalizedVersion.key(version)
    }
  }

  static func isDistribution(_ text: some StringProtocol) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last else { return false }
    return ASCII.isLetterOrDigit(first) && ASCII.isLetterOrDigit(last)
      && bytes.allSatisfy { ASCII.isLetterOrDigit($0) || "._-".utf8.contains($0) }
  }

  private static func isVersion(_ text: Substring) -> Bool {
    guard let first = text.utf8.first else { return false }
    return ASCII.isLetterOrDigit(first)
      && text.utf8.allSatisfy { ASCII.isLetterOrDigit($0) || "._+!".utf8.contains($0) }
  }
}

/// The build number in a wheel's name, a tie-breaker between otherwise equal wheels: digits, then any letters.
public struct BuildTag: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let description: String
  /// Without leading zeros.
  private let digits: Substring
  private let rest: Substring

  init?(_ text: Substring) {
    let allowed = text.utf8.allSatisfy {
      ASCII.isLetterOrDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
    }
    guard let first = text.utf8.first, ASCII.isDigit(first), allowed else { return nil }
    description = String(text)
    let number = description.prefix { $0.isNumber }
    digits = number.drop { $0 == "0" }
    rest = description[number.endIndex...]
  }

  /// Compares the numbers, then the rest as text.
  public static func < (left: BuildTag, right: BuildTag) -> Bool {
    if left.digits.count != right.digits.count { return left.digits.count < right.digits.count }
    return (left.digits, left.rest, left.description) < (right.digits, right.rest, right.description)
  }
}
