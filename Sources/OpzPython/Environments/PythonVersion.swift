/// A version of a Python package (PEP 440): `1!2.0rc1.post2.dev3+cu121`.
struct PythonVersion: Equatable, Comparable {
  private(set) var epoch = 0
  private(set) var release: [Int] = []
  /// `a`, `b` or `rc` as 0, 1 or 2, and its number.
  private(set) var pre: (phase: Int, number: Int)?
  private(set) var post: Int?
  private(set) var dev: Int?
  private(set) var local: [Substring] = []

  var isPrerelease: Bool { pre != nil || dev != nil }

  /// Parses a version in any spelling that PEP 440 allows; nil for other text.
  init?(_ text: some StringProtocol) {
    guard text.utf8.count <= 256 else { return nil }
    var rest = Substring(text.lowercased()).drop { $0.isWhitespace }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    if rest.first == "v" { rest.removeFirst() }
    if let mark = rest.firstIndex(of: "!") {
      guard let number = Int(rest[..<mark]), number >= 0 else { return nil }
      epoch = number
      rest = rest[rest.index(after: mark)...]
    }
    if let plus = rest.firstIndex(of: "+") {
      local = rest[rest.index(after: plus)...].split(omittingEmptySubsequences: false) { "._-".contains($0) }
      guard local.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } }) else {
        return nil
      }
      rest = rest[..<plus]
    }
    guard readRelease(&rest) else { return nil }
    readSuffixes(&rest)
    guard rest.isEmpty else { return nil }
  }

  private mutating func readRelease(_ rest: inout Substring) -> Bool {
    while let number = PythonVersion.number(&rest) {
      release.append(number)
      guard rest.first == ".", rest.dropFirst().first?.isASCIIDigit == true else { break }
      rest.removeFirst()
    }
    return !release.isEmpty && release.count <= 32
  }

  private mutating func readSuffixes(_ rest: inout Substring) {
    let phases = [("alpha", 0), ("a", 0), ("beta", 1), ("b", 1), ("preview", 2), ("pre", 2), ("rc", 2), ("c", 2)]
    for (word, phase) in phases where pre == nil {
      if let number = PythonVersion.suffix(word, &rest) { pre = (phase, number) }
    }
    if rest.first == "-", rest.dropFirst().first?.isASCIIDigit == true {
      rest.removeFirst()
      post = PythonVersion.number(&rest)
    }
    for word in ["post", "rev", "r"] where post == nil { post = PythonVersion.suffix(word, &rest) }
    dev = PythonVersion.suffix("dev", &rest)
  }

  /// A word and its number, each after an optional dot, dash or underscore; 0 if the number is omitted.
  private static func suffix(_ word: String, _ rest: inout Substring) -> Int? {
    var after = rest
    if let first = after.first, "._-".contains(first) { after.removeFirst() }
    guard after.hasPrefix(word) else { return nil }
    after = after.dropFirst(word.count)
    if let first = after.first, "._-".contains(first), after.dropFirst().first?.isASCIIDigit == true {
      after.removeFirst()
    }
    guard after.first?.isASCIIDigit == true else {
      rest = after
      return 0
    }
    guard let number = number(&after) else { return nil }
    rest = after
    return number
  }

  private static func number(_ rest: inout Substring) -> Int? {
    let digits = rest.prefix(while: \.isASCIIDigit)
    guard let number = Int(digits) else { return nil }
    rest = rest.dropFirst(digits.count)
    return number
  }

  // MARK: Order

  private var trimmed: ArraySlice<Int> {
    var numbers = release[...]
    while numbers.last == 0 { numbers.removeLast() }
    return numbers
  }

  /// Numbers compared in order; the largest and smallest values stand for absent parts.
  private var suffixes: [Int] {
    let before: [Int] =
      if let pre { [pre.phase, pre.number] } else if post == nil, dev != nil { [Int.min, 0] } else { [Int.max, 0] }
    return before + [post ?? Int.min, dev ?? Int.max]
  }

  static func < (one: PythonVersion, other: PythonVersion) -> Bool { order(one, other) < 0 }
  static func == (one: PythonVersion, other: PythonVersion) -> Bool { order(one, other) == 0 }

  private static func order(_ one: PythonVersion, _ other: PythonVersion) -> Int {
    for (left, right) in [
      ([one.epoch], [other.epoch]), (Array(one.trimmed), Array(other.trimmed)), (one.suffixes, other.suffixes),
    ]
    where left != right { return left.lexicographicallyPrecedes(right) ? -1 : 1 }
    return order(one.local, other.local)
  }

  /// Numbers sort after words, and more parts after fewer.
  private static func order(_ one: [Substring], _ other: [Substring]) -> Int {
    for (left, right) in zip(one, other) {
      switch (Int(left), Int(right)) {
      case (let left?, let right?): if left != right { return left < right ? -1 : 1 }
      case (nil, _?): return -1
      case (_?, nil): return 1
      case (nil, nil): if left != right { return left < right ? -1 : 1 }
      }
    }
    return one.count == other.count ? 0 : one.count < other.count ? -1 : 1
  }

  // MARK: Clauses

  /// Without the local version, which names a build.
  private var isPublic: PythonVersion {
    var copy = self
    copy.local = []
    return copy
  }

  private var base: PythonVersion {
    var copy = isPublic
    (copy.pre, copy.post, copy.dev) = (nil, nil, nil)
    return copy
  }

  private func begins(with prefix: PythonVersion, count: Int) -> Bool {
    let own = (release + Array(repeating: 0, count: count)).prefix(count)
    return epoch == prefix.epoch && own.elementsEqual(prefix.release.prefix(count))
  }

  /// Whether a version meets a clause such as `>=1.22` or `==2.*`; nil if a text is not a version.
  static func meets(_ version: String, _ comparison: String, wanted: String) -> Bool? {
    if comparison == "===" {
      let text = version.lowercased().filter { !$0.isWhitespace }
      return (text.hasPrefix("v") ? String(text.dropFirst()) : text) == wanted.lowercased()
    }
    guard let version = PythonVersion(version) else { return nil }
    if comparison == "==" || comparison == "!=", wanted.hasSuffix(".*") {
      guard let prefix = PythonVersion(wanted.dropLast(2)) else { return nil }
      return version.begins(with: prefix, count: prefix.release.count) == (comparison == "==")
    }
    guard let wanted = PythonVersion(wanted) else { return nil }
    let plain = wanted.local.isEmpty ? version.isPublic : version
    switch comparison {
    case "==": return plain == wanted
    case "!=": return plain != wanted
    case "<=": return version.isPublic <= wanted
    case ">=": return version.isPublic >= wanted
    case "<": return version < wanted && (wanted.isPrerelease || !version.isPrerelease || version.base != wanted.base)
    case ">":
      if wanted.post == nil, version.post != nil, version.base == wanted.base { return false }
      if !version.local.isEmpty, version.base == wanted.base { return false }
      return version > wanted
    case "~=":
      guard wanted.release.count > 1 else { return nil }
      return version.isPublic >= wanted && version.begins(with: wanted, count: wanted.release.count - 1)
    default: return nil
    }
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
