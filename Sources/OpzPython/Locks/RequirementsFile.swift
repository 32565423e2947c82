import OpzIO
public import SystemPackage

/// A requirements.txt with all files that it includes (pip, requirements file format).
///
/// uv resolves it; this type reads what uv ignores: the included files, the listed digests, and options that only
/// pip knows.
public struct RequirementsFile: Sendable {
  /// A requirement or constraint of a package.
  public struct Item: Sendable {
    /// Normalized: `scikit-learn`.
    public let name: String
    /// Digests from `--hash` and from the URL's fragment.
    public let hashes: [FileHash]
    public let marker: EnvironmentMarker?
    /// Names a file or URL; its digests do not make digests mandatory for other packages.
    public let isDirect: Bool
    public let isConstraint: Bool
    /// `requirements.txt:3`
    public let location: String
  }

  /// The file and all included files, each once.
  public private(set) var files: [FilePath] = []
  public private(set) var items: [Item] = []
  /// The location of `--require-hashes`.
  public private(set) var requireHashes: String?
  /// Files that requirements name by path, absolute or relative to uv's working directory.
  public private(set) var localFiles: [FilePath] = []
  /// `--pre` is set.
  public private(set) var allowsPrereleases = false

  private static let maximumBytes = 4 << 20
  private static let maximumFiles = 200

  /// - Throws: `PythonError` for a file that is missing or not text, and for an unsupported option, by name.
  public static func read(_ path: FilePath) throws -> RequirementsFile {
    var found = RequirementsFile()
    try found.add(path, isConstraint: false)
    return found
  }

  private mutating func add(_ path: FilePath, isConstraint: Bool) throws {
    var waiting = [(path: path.lexicallyNormalized(), isConstraint: isConstraint, from: "")]
    var seen: Set<String> = []
    while let next = waiting.popLast() {
      // A file included both as requirements and as constraints is read twice.
      guard seen.insert("\(next.isConstraint) \(next.path)").inserted else { continue }
      guard seen.count <= RequirementsFile.maximumFiles else {
        throw PythonError(
          .malformed, path.string, reason: "it includes more than \(RequirementsFile.maximumFiles) files")
      }
      let text = try RequirementsFile.text(next.path, from: next.from)
      if !files.contains(next.path) { files.append(next.path) }
      var included: [(path: FilePath, isConstraint: Bool, from: String)] = []
      for line in RequirementsLines(text) {
        let location = "\(next.path.lastComponent?.string ?? next.path.string):\(line.number)"
        try read(line.text, location, file: next.path, isConstraint: next.isConstraint, included: &included)
      }
      waiting += included.reversed()
    }
  }

  private static func text(_ path: FilePath, from: String) throws -> String {
    guard let status = try FileStatus.find(path) else {
      throw PythonError(
        .notFound, path.string,
        reason: from.isEmpty ? "there is no such file" : "\(from) includes it, but it does not exist")
    }
    guard status.kind == .file, status.size <= UInt64(maximumBytes) else {
      throw PythonError(.malformed, path.string, reason: "not a regular file of at most \(maximumBytes) bytes")
    }
    guard let text = String(validating: try FileBlob(path, size: status.size).bytes(), as: UTF8.self) else {
      throw PythonError(.malformed, path.string, reason: "the text is not UTF-8", hint: "save the file as UTF-8")
    }
    return text
  }

  // MARK: A line

  private mutating func read(
    _ line: String, _ location: String, file: FilePath, isConstraint: Bool,
    included: inout [(path: FilePath, isConstraint: Bool, from: String)]
  ) throws {
    guard line.hasPrefix("-") else { return try addItem(line, location, isConstraint: isConstraint) }
    var words = RequirementsLines.words(line)[...]
    while let word = words.popFirst() {
      let (option, joined) = RequirementsFile.option(word)
      func value() throws -> String {
        guard let value = joined ?? words.popFirst(), !value.isEmpty else {
          throw PythonError(.malformed, location, reason: "\(option) has no value")
        }
        return value
      }
      switch option {
      case "-r", "--requirement", "-c", "--constraint":
        let isConstraint = isConstraint || option == "-c" || option == "--constraint"
        included.append((try RequirementsFile.includedFile(value(), beside: file, location), isConstraint, location))
      case "--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--only-binary": _ = try value()
      case "--no-index", "--prefer-binary": break
      case "--no-binary":
        let packages = try value()
        if packages != ":none:" {
          throw PythonError(
            .incompatible, location,
            reason: "--no-binary \(packages.prefix(100)): opz accepts only wheels, and builds no packages",
            hint: "build a wheel of it (uv build --wheel), upload it to your own index, and remove --no-binary")
        }
      case "--pre": allowsPrereleases = true
      case "--require-hashes": requireHashes = requireHashes ?? location
      case "-e", "--editable":
        // An image has no files that somebody edits: the wheel of the directory is installed instead.
        let address = try value() + words.map { " \($0)" }.joined()
        words = []
        try addItem(
          address.contains("/") || address.hasPrefix(".") ? address : "./\(address)", location,
          isConstraint: isConstraint)
      case "--trusted-host":
        throw PythonError(
          .incompatible, location, reason: "--trusted-host: opz checks certificates",
          hint: "remove it; SSL_CERT_FILE can name your own certificate authority")
      default:
        throw PythonError(
          .incompatible, location, reason: "\(option.prefix(100)): opz does not know this option, and would ignore it",
          hint: "remove it from \(file.lastComponent?.string ?? "the file")")
      }
    }
  }

  /// Splits `--hash=x` and `-rfile` into name and value.
  static func option(_ word: String) -> (name: String, value: String?) {
    if word.hasPrefix("--") {
      guard let equals = word.firstIndex(of: "=") else { return (word, nil) }
      return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }
    guard word.utf8.count > 2 else { return (word, nil) }
    let value = word.dropFirst(2)
    return (String(word.prefix(2)), String(value.first == "=" ? value.dropFirst() : value))
  }

  private static func includedFile(_ text: String, beside file: FilePath, _ location: String) throws -> FilePath {
    guard !text.contains("://") || text.hasPrefix("file://"), !text.contains("${"), !text.utf8.contains(0) else {
      throw PythonError(
        .incompatible, location, reason: "it includes \(text.prefix(200)), whose content can change",
        hint: "keep the file in the project")
    }
    let path = FilePath(text.hasPrefix("file://") ? String(text.dropFirst(7)) : text)
    return file.removingLastComponent().pushing(path).lexicallyNormalized()
  }

  private mutating func addItem(_ line: String, _ location: String, isConstraint: Bool) throws {
    let words = RequirementsLines.words(line)
    let count = words.firstIndex { $0.hasPrefix("-") } ?? words.count
    let requirement = words[..<count].joined(separator: " ")
    var hashes: [FileHash] = []
    var rest = words[count...]
    while let word = rest.popFirst() {
      let (option, joined) = RequirementsFile.option(word)
      guard option == "--hash" else {
        throw PythonError(
          .incompatible, location,
          reason: "\(option.prefix(100)) of a requirement: opz builds no packages, so it would have no effect",
          hint: "remove it")
      }
      hashes.append(try RequirementsFile.hash(joined ?? rest.popFirst() ?? "", location))
    }
    let (subject, marker) = RequirementsFile.split(requirement)
    let address = RequirementsFile.address(subject)
    if let file = address.flatMap(RequirementsFile.localFile), !localFiles.contains(file) { localFiles.append(file) }
    if let address { hashes += try RequirementsFile.fragment(address, location) }
    guard let name = RequirementsFile.name(subject, address) else {
      if hashes.isEmpty { return }
      throw PythonError(
        .malformed, location, reason: "\(subject.prefix(200)): the package of these digests has no name",
        hint: "write NAME @ ADDRESS")
    }
    items.append(
      Item(
        name: name, hashes: hashes, marker: try marker.map { try EnvironmentMarker(parsing: $0) },
        isDirect: address != nil && count == words.count, isConstraint: isConstraint, location: location))
  }

  private static func hash(_ text: String, _ location: String) throws -> FileHash {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else {
      throw PythonError(
        .malformed, location, reason: "--hash \(text.prefix(100)) is not ALGORITHM:DIGEST",
        hint: "write --hash=sha256:..")
    }
    guard let algorithm = FileHash.Algorithm(rawValue: parts[0]) else {
      throw PythonError(
        .incompatible, location, reason: "--hash=\(parts[0].prefix(30)): the algorithm is not sha256, sha384 or sha512",
        hint: "write --hash=sha256:..; pip hash FILE prints it")
    }
    guard let hash = FileHash(algorithm, hex: parts[1]) else {
      throw PythonError(
        .malformed, location, reason: "--hash=\(text.prefix(200)) does not have \(algorithm.digits) hex digits")
    }
    return hash
  }

  /// The digests in a URL's fragment: `#sha256=..&egg=..`.
  private static func fragment(_ address: String, _ location: String) throws -> [FileHash] {
    guard let mark = address.firstIndex(of: "#") else { return [] }
    return try address[address.index(after: mark)...].split(separator: "&").compactMap { part in
      let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard pair.count == 2, ["sha", "md5"].contains(where: pair[0].hasPrefix) else { return nil }
      return try hash("\(pair[0]):\(pair[1])", location)
    }
  }

  /// Splits a requirement from its marker. In a URL the semicolon must follow a space.
  private static func split(_ text: String) -> (String, marker: String?) {
    let isAddress = text.contains("://") || text.contains("@")
    guard let mark = isAddress ? text.firstRange(of: " ;")?.lowerBound : text.firstIndex(of: ";") else {
      return (text, nil)
    }
    let marker = text[mark...].drop { $0 == " " || $0 == ";" }
    return (String(text[..<mark]), marker.isEmpty ? nil : String(marker))
  }

  /// The URL or path after `NAME @`, or the whole text if there is no name.
  private static func address(_ text: String) -> String? {
    if let at = text.firstIndex(of: "@"), text[..<at].utf8.allSatisfy({ isName($0) || " [],".utf8.contains($0) }) {
      return String(text[text.index(after: at)...].drop { $0 == " " })
    }
    return text.contains("/") || text.hasSuffix(".whl") || text.hasPrefix(".") ? text : nil
  }

  /// The path of a local file.
  private static func localFile(_ address: String) -> FilePath? {
    let target = String(address.prefix { $0 != "#" && $0 != "?" })
    if target.hasPrefix("file:") {
      let path = target.dropFirst(5)
      return FilePath(String(path.hasPrefix("//") ? path.dropFirst(2) : path).replacing("%20", with: " "))
    }
    // `../dep[extra]`
    let path = target.hasSuffix("]") ? target[..<(target.lastIndex(of: "[") ?? target.endIndex)] : target[...]
    return path.contains("://") || path.isEmpty ? nil : FilePath(String(path))
  }

  private static func name(_ text: String, _ address: String?) -> String? {
    if address == nil || address != text {
      let name = text.utf8.prefix { isName($0) }
      return name.isEmpty ? nil : normalized(String(decoding: Array(name), as: UTF8.self))
    }
    let file = String(text.prefix { $0 != "#" && $0 != "?" }.split(separator: "/").last ?? "")
    return (try? WheelName(parsing: file.replacing("%2B", with: "+").replacing("%2b", with: "+")))?
      .normalizedDistribution
  }

  private static func isName(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || ".-_".utf8.contains(byte)
  }

  /// Whether a text is a valid package name.
  public static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, let last = text.utf8.last else { return false }
    return text.utf8.allSatisfy { isName($0) } && !".-_".utf8.contains(first) && !".-_".utf8.contains(last)
  }

  /// PEP 503: `Scikit_Learn` -> `scikit-learn`.
  public static func normalized(_ name: String) -> String {
    name.lowercased().split { ".-_".contains($0) }.joined(separator: "-")
  }
}
