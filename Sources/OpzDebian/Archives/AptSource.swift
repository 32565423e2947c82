import OpzIO

/// Where apt takes packages from: a line of sources.list, or a part of a `.sources` file (sources.list(5)).
public struct AptSource: Sendable, Hashable {
  /// What proves that an archive is the one that is meant.
  public enum SignedBy: Sendable, Hashable {
    /// The keys that the base trusts for every archive.
    case base
    /// Paths of keyrings in the base.
    case files([String])
    /// A key in the file itself.
    case key(String)
    /// `trusted=yes`: nothing.
    case nobody
  }

  /// `http`, `https` or `file`, ending with a slash.
  public let uri: String
  /// `bookworm`; for a flat archive a directory that ends with a slash.
  public let suite: String
  /// Empty for a flat archive.
  public let components: [String]
  public let signedBy: SignedBy
  /// Whether a Release file may be older than it says itself.
  public let checksDate: Bool
  private let architectures: [String]

  /// Whether the archive has no `dists`: its index is in one directory.
  public var isFlat: Bool { suite.hasSuffix("/") }
  /// Whether its files are in a directory of the machine that reads them.
  public var isLocal: Bool { uri.hasPrefix("file:") }

  /// As in sources.list, without options.
  public var text: String { (["deb", uri, suite] + components).joined(separator: " ") }

  /// Where the files of the release are, ending with a slash.
  public var release: String {
    guard isFlat else { return "\(uri)dists/\(suite)/" }
    let directory = suite.drop { $0 == "/" || $0 == "." }
    return uri + directory
  }

  /// Whether it is for an architecture.
  public func has(_ architecture: String) -> Bool { architectures.isEmpty || architectures.contains(architecture) }

  /// The base of the names of packages' files.
  public var files: String { uri }

  // MARK: Reading

  /// The sources of a file, by its name: `.sources` is in deb822's form, others have a line for each. Sources of
  /// programs' source code, and those that are switched off, are left out.
  /// - Throws: `DebianError`.
  public static func all(in text: String, file: String, architecture: String) throws -> [AptSource] {
    if file.hasSuffix(".sources") {
      return try ControlParagraph.all(in: Array(text.utf8), subject: file, limit: 1_000).flatMap {
        try all(in: $0, file: file, architecture: architecture)
      }
    }
    return try text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { number, line in
      try AptSource(line: line, subject: "\(file):\(number + 1)", architecture: architecture)
    }
  }

  /// Reads a line; nil for one without a source of packages.
  /// - Throws: `DebianError`.
  public init?(line: some StringProtocol, subject: String, architecture: String) throws {
    let code = line.prefix { $0 != "#" }
    var rest = code.drop(while: \.isWhitespace)
    let type = rest.prefix { !$0.isWhitespace && $0 != "[" }
    if type.isEmpty || type == "deb-src" { return nil }
    guard type == "deb" else {
      throw DebianError(
        .malformed, subject, reason: "\"\(line.prefix(120))\" is no source of packages",
        hint: "write: deb [trusted=yes] file:///srv/debs ./")
    }
    rest = rest[type.endIndex...].drop(while: \.isWhitespace)
    var options: [String: String] = [:]
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]") else {
        throw DebianError(.malformed, subject, reason: "\"[\" has no \"]\"")
      }
      for option in rest[rest.index(after: rest.startIndex)..<end].split(separator: " ") {
        let parts = option.split(separator: "=", maxSplits: 1)
        if parts.count == 2 { options[parts[0].lowercased()] = String(parts[1]) }
      }
      rest = rest[rest.index(after: end)...]
    }
    let words = rest.split { $0.isWhitespace }.map { String($0) }
    guard words.count >= 2 else {
      throw DebianError(.malformed, subject, reason: "\"\(line.prefix(120))\" has no archive, or no suite")
    }
    try self.init(
      uri: words[0], suite: words[1], components: Array(words[2...]), options: options, subject: subject,
      architecture: architecture)
  }

  private static func all(in part: ControlParagraph, file: String, architecture: String) throws -> [AptSource] {
    func words(_ name: String) -> [String] { (part[name] ?? "").split { $0.isWhitespace }.map { String($0) } }
    guard words("Types").contains("deb"), !["no", "false", "0"].contains(part["Enabled"]?.lowercased()) else {
      return []
    }
    var options: [String: String] = [:]
    for (field, option) in [
      ("Trusted", "trusted"), ("Signed-By", "signed-by"), ("Check-Valid-Until", "check-valid-until"),
      ("Architectures", "arch"),
    ] { options[option] = part[field] }
    return try words("URIs").flatMap { uri in
      try words("Suites").map { suite in
        try AptSource(
          uri: uri, suite: suite, components: words("Components"), options: options, subject: file,
          architecture: architecture)
      }
    }
  }

  private init(
    uri: String, suite: String, components: [String], options: [String: String], subject: String, architecture: String
  ) throws {
    let scheme = uri.prefix { $0 != ":" }.lowercased()
    guard ["http", "https", "file"].contains(scheme), scheme != "file" || uri.hasPrefix("file:/") else {
      throw DebianError(
        .unsupported, subject, reason: "archives of \"\(scheme.prefix(40)):\" are not read",
        hint: "name one of http:, https: or file:/ in runtime.archive")
    }
    guard scheme == "file" || !uri.dropFirst(scheme.count + 3).prefix(while: { $0 != "/" }).contains("@") else {
      throw DebianError(
        .unsupported, subject, reason: "its address has a user's name, which the lock would show",
        hint: "name an archive that needs no password in runtime.archive")
    }
    func filled(_ text: String) -> String { text.replacing("$(ARCH)", with: architecture) }
    self.uri = filled(uri.hasSuffix("/") ? uri : uri + "/")
    self.suite = filled(suite)
    self.components = components
    guard suite.hasSuffix("/") == components.isEmpty else {
      throw DebianError(
        .malformed, subject,
        reason:
          "\(suite.prefix(80)) \(components.isEmpty ? "has no component" : "is a directory, which has no components")",
        hint: "write: deb \(uri) bookworm main, or deb \(uri) ./")
    }
    guard !self.suite.split(separator: "/").contains(".."), !components.contains(where: { $0.contains("..") }) else {
      throw DebianError(.malformed, subject, reason: "\"..\" is in its suite or components")
    }
    checksDate = !["no", "false"].contains(options["check-valid-until"]?.lowercased())
    architectures = options["arch"]?.split { $0 == "," || $0.isWhitespace }.map(String.init) ?? []
    if ["yes", "true", "1"].contains(options["trusted"]?.lowercased()) {
      signedBy = .nobody
    } else if let named = options["signed-by"] {
      signedBy = try AptSource.signedBy(named, subject: subject)
    } else {
      signedBy = .base
    }
  }

  private static func signedBy(_ text: String, subject: String) throws -> SignedBy {
    if text.contains("-----BEGIN PGP PUBLIC KEY BLOCK-----") { return .key(text) }
    let files = text.split { $0 == "," || $0.isWhitespace }.map(String.init)
    guard !files.isEmpty, files.allSatisfy({ $0.hasPrefix("/") }) else {
      throw DebianError(
        .unsupported, subject, reason: "Signed-By names no file but a fingerprint",
        hint: "name the same archive in runtime.archive with signed-by=/PATH/OF/KEYRING.gpg")
    }
    return .files(files)
  }
}
