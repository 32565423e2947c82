public import OpzIO

/// The name of an image in a container registry: `HOST/REPO:TAG`, `HOST/REPO@DIGEST` or both.
///
/// The grammar is the distribution-spec's. A first component with `.` or `:`, or `localhost`, is the host; opz always
/// requires it, so that a name never silently refers to a public registry. Docker Hub's names are normalized as
/// container runtimes do: the host `docker.io`, and `library/` before a single component.
public struct Reference: Hashable, Sendable, CustomStringConvertible {
  /// The host, with the port if there is one: `registry.example:5000`.
  public let host: String
  /// The repository, `team/model`.
  public let repository: String
  public let tag: String?
  public let digest: Digest?

  /// Makes a reference from its parts, normalizing Docker Hub's names.
  /// - Throws: `OCIError` with code `badReference` when a part is malformed.
  public init(host: String, repository: String, tag: String? = nil, digest: Digest? = nil) throws {
    guard Reference.isHost(host), Reference.isRepository(repository) else {
      throw Reference.malformed("\(host)/\(repository)\(tag.map { ":\($0)" } ?? "")")
    }
    let (host, repository) = DockerHub.canonical(host, repository)
    guard Reference.isRepository(repository), tag.map(Reference.isTag) ?? true else {
      throw Reference.malformed("\(host)/\(repository)\(tag.map { ":\($0)" } ?? "")")
    }
    self.host = host
    self.repository = repository
    self.tag = tag
    self.digest = digest
  }

  /// Parses `HOST/REPO[:TAG][@DIGEST]`.
  /// - Throws: `OCIError` with code `badReference`.
  public init(parsing text: String) throws {
    guard let slash = text.firstIndex(of: "/") else { throw Reference.malformed(text) }
    let host = String(text[..<slash])
    var rest = text[text.index(after: slash)...]
    var digest: Digest?
    if let at = rest.firstIndex(of: "@") {
      digest = Digest(String(rest[rest.index(after: at)...]))
      guard digest != nil else { throw Reference.malformed(text) }
      rest = rest[..<at]
    }
    var tag: String?
    if let colon = rest.lastIndex(of: ":") {
      tag = String(rest[rest.index(after: colon)...])
      rest = rest[..<colon]
    }
    do {
      try self.init(host: host, repository: String(rest), tag: tag, digest: digest)
    } catch {
      throw Reference.malformed(text)
    }
  }

  public var description: String {
    "\(host)/\(repository)" + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
  }

  /// The reference without tag and digest, `HOST/REPO`.
  public var name: String { "\(host)/\(repository)" }

  /// A reference to the same repository with a digest and without a tag.
  public func pinned(to digest: Digest) -> Reference {
    Reference(unchecked: host, repository, nil, digest: digest)
  }

  /// A reference to the same repository with a tag and without a digest.
  /// - Throws: `OCIError` with code `badReference` when the tag is malformed.
  public func tagged(_ tag: String) throws -> Reference {
    try Reference(host: host, repository: repository, tag: tag)
  }

  private init(unchecked host: String, _ repository: String, _ tag: String?, digest: Digest?) {
    self.host = host
    self.repository = repository
    self.tag = tag
    self.digest = digest
  }

  /// Whether the first component of a name is a host, which makes the name a remote one.
  public static func namesHost(_ component: some StringProtocol) -> Bool {
    component == "localhost" || component.contains(".") || component.contains(":")
  }

  /// Whether a text is a valid tag: 1 to 128 letters, digits, `_`, `.` and `-`, not starting with `.` or `-`.
  public static func isTag(_ text: some StringProtocol) -> Bool {
    guard (1...128).contains(text.utf8.count), let first = text.utf8.first, isWord(first) else { return false }
    return text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
  }

  static func isHost(_ text: String) -> Bool {
    guard namesHost(text), text.utf8.count <= 255 else { return false }
    let (name, port) = split(host: text)
    if let port { guard let number = UInt16(port), number > 0 else { return false } }
    if name.hasPrefix("[") {
      return name.hasSuffix("]") && name.utf8.count > 3
        && name.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
    }
    return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      !label.isEmpty && label.first != "-" && label.last != "-"
        && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }
  }

  /// Whether a text is a valid repository name: 1 to 255 bytes, lower-case components joined by `/`, each of letters
  /// and digits with single `.`, `_`, `__` or runs of `-` between them.
  public static func isRepository(_ text: String) -> Bool {
    guard (1...255).contains(text.utf8.count) else { return false }
    return text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
      guard let first = part.utf8.first, let last = part.utf8.last, isLowerOrDigit(first), isLowerOrDigit(last) else {
        return false
      }
      let separators = part.utf8.split(omittingEmptySubsequences: true, whereSeparator: isLowerOrDigit)
      return separators.allSatisfy { run in
        let separator = String(decoding: run, as: UTF8.self)
        return separator == "." || separator == "_" || separator == "__" || separator.allSatisfy { $0 == "-" }
      }
    }
  }

  /// What names the manifest: the digest, else the tag, else `latest`.
  public var tagOrDigest: String { digest?.description ?? tag ?? "latest" }

  /// Splits a host into its name and its port, if it has one. IPv6 addresses keep their brackets.
  public static func split(host: String) -> (name: Substring, port: Substring?) {
    if host.hasPrefix("["), let close = host.firstIndex(of: "]") {
      let after = host[host.index(after: close)...]
      return after.hasPrefix(":") ? (host[...close], after.dropFirst()) : (host[...], nil)
    }
    guard let colon = host.lastIndex(of: ":") else { return (host[...], nil) }
    return (host[..<colon], host[host.index(after: colon)...])
  }

  /// Whether the host is this machine: 127.0.0.0/8, ::1 or localhost. Only there opz uses plain HTTP without being
  /// told to.
  public var isLoopback: Bool {
    let name = Reference.split(host: host).name
    if name == "localhost" || name == "[::1]" { return true }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  private static func malformed(_ text: String) -> OCIError {
    let problem = ReferenceProblem(of: text)
    return OCIError(.badReference, "\"\(text.prefix(200))\"", reason: problem.reason, hint: problem.hint)
  }

  private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    isLowerOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  private static func isWord(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || byte == UInt8(ascii: "_") }
}
