import OpzIO

/// One name in a field such as Depends, with the versions that do: `r-base-core (>= 4.2.1)`.
public struct Relation: Sendable, Hashable, CustomStringConvertible {
  /// How a version compares with the one in the relation.
  public enum Comparison: String, Sendable {
    case earlier = "<<"
    case atMost = "<="
    case exactly = "="
    case atLeast = ">="
    case later = ">>"
  }

  /// The package's name.
  public let name: String
  /// `any` in `python3:any`; nil for none.
  public let qualifier: String?
  /// Nil for any version.
  public let version: DebianVersion?
  let comparison: Comparison

  /// A relation to a package of any version.
  public init(_ name: String) { (self.name, qualifier, version, comparison) = (name, nil, nil, .atLeast) }

  /// Reads one alternative; nil for one that is for other architectures alone.
  /// - Throws: `DebianError.malformed`.
  init?(_ text: some StringProtocol, architecture: String, subject: String) throws {
    func malformed() -> DebianError {
      DebianError(.malformed, subject, reason: "\"\(text.prefix(120))\" is no relation to a package")
    }
    var rest = text.drop(while: \.isWhitespace)
    let word = rest.prefix { !$0.isWhitespace && $0 != "(" && $0 != "[" && $0 != "<" }
    rest = rest[word.endIndex...].drop(while: \.isWhitespace)
    let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    name = String(parts[0])
    qualifier = parts.count > 1 ? String(parts[1]) : nil
    guard PackageName.isValid(name) else { throw malformed() }
    var (version, comparison): (DebianVersion?, Comparison) = (nil, .atLeast)
    if rest.first == "(" {
      guard let end = rest.firstIndex(of: ")") else { throw malformed() }
      let inside = rest[rest.index(after: rest.startIndex)..<end].drop(while: \.isWhitespace)
      let sign = inside.prefix { "<>=".contains($0) }
      let number = inside[sign.endIndex...].split { $0.isWhitespace }
      guard number.count == 1, let read = DebianVersion(number[0]), let compared = Relation.comparison(sign) else {
        throw malformed()
      }
      (version, comparison) = (read, compared)
      rest = rest[rest.index(after: end)...].drop(while: \.isWhitespace)
    }
    (self.version, self.comparison) = (version, comparison)
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]") else { throw malformed() }
      let names = rest[rest.index(after: rest.startIndex)..<end].split { $0.isWhitespace }.map { String($0) }
      let excludes = names.contains { $0.hasPrefix("!") }
      let own: Set<String> = [architecture, "any", "linux-any", "!\(architecture)"]
      let isNamed = names.contains { own.contains($0) }
      if isNamed == excludes { return nil }
      rest = rest[rest.index(after: end)...].drop(while: \.isWhitespace)
    }
    guard rest.isEmpty || rest.first == "<" else { throw malformed() }
  }

  /// `<` and `>` are the old forms of `<=` and `>=`.
  private static func comparison(_ sign: some StringProtocol) -> Comparison? {
    switch sign {
    case "<": .atMost
    case ">": .atLeast
    default: Comparison(rawValue: String(sign))
    }
  }

  /// Whether a version of the package does.
  public func accepts(_ found: DebianVersion) -> Bool {
    guard let version else { return true }
    return switch comparison {
    case .earlier: found < version
    case .atMost: found <= version
    case .exactly: found == version
    case .atLeast: found >= version
    case .later: found > version
    }
  }

  /// As in a control file.
  public var description: String { name + (version.map { " (\(comparison.rawValue) \($0))" } ?? "") }
}

/// What has to be there: one of several relations, `default-mta | mail-transport-agent`.
public struct Dependency: Sendable, Hashable, CustomStringConvertible {
  /// The preferred one first; at least one.
  public let alternatives: [Relation]

  /// A dependency that any of the relations satisfies.
  public init(_ alternatives: [Relation]) { self.alternatives = alternatives }

  /// Reads a field such as Depends.
  /// - Throws: `DebianError.malformed`.
  public static func all(in field: String, architecture: String, subject: String) throws -> [Dependency] {
    try field.split(separator: ",").compactMap { part in
      guard !part.allSatisfy(\.isWhitespace) else { return nil }
      let alternatives = try part.split(separator: "|").compactMap {
        try Relation($0, architecture: architecture, subject: subject)
      }
      return alternatives.isEmpty ? nil : Dependency(alternatives)
    }
  }

  /// As in a control file.
  public var description: String { alternatives.map(\.description).joined(separator: " | ") }
}

/// Names of Debian packages, and of R's packages in Debian.
public enum PackageName {
  /// Whether dpkg takes a name: letters, digits, `+`, `-`, `.`, no sign first.
  public static func isValid(_ name: some StringProtocol) -> Bool {
    guard (1...200).contains(name.utf8.count), let first = name.utf8.first, isLetterOrDigit(first) else { return false }
    return name.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 43 || $0 == 45 || $0 == 46 }
  }

  /// Whether R takes a name: letters, digits and dots, a letter first, no dot last.
  public static func isR(_ name: some StringProtocol) -> Bool {
    guard (2...100).contains(name.utf8.count), let first = name.first, first.isLetter, name.last != "." else {
      return false
    }
    return name.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 46 }
  }

  /// The packages that may have an R package in Debian: CRAN's, Bioconductor's, others'. Debian's names are in lower
  /// case.
  public static func debian(ofR name: String) -> [String] {
    ["cran", "bioc", "other"].map { "r-\($0)-\(name.lowercased())" }
  }

  /// Whether a name is one of Debian's R packages.
  public static func isDebianR(_ name: some StringProtocol) -> Bool {
    ["r-cran-", "r-bioc-", "r-other-"].contains { name.hasPrefix($0) }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }
}
