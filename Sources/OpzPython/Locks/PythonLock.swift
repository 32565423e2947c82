import OpzIO
import OpzTOML
public import SystemPackage

/// A `pylock.toml` (PyPA, pylock.toml specification 1.0): the packages of an environment with the digests of their
/// wheels.
public struct PythonLock: Sendable {
  /// Its path, for messages.
  public let subject: String
  /// `>=3.11`
  public let requiresPython: String?
  private let packages: [Package]

  private struct Package: Sendable {
    let name: String
    let version: String?
    let marker: String?
    let wheels: [File]
    /// Its file is named by path or URL, and not found in an index.
    let isDirect: Bool
    let hasSource: Bool
    /// Its source code, of which there is no wheel yet.
    let source: SourcePackage?
    /// The directory that its wheel was built from.
    let builtFrom: SourcePackage?
    /// It has a source that opz does not understand.
    let isUnpinned: Bool
  }

  private struct File: Sendable {
    let name: String?
    let url: String?
    let path: String?
    let size: Int64?
    let hashes: [FileHash]
  }

  private static let maximumBytes: UInt64 = 16 << 20
  private static let maximumPackages = 10_000

  /// Reads a lock.
  /// - Throws: `PythonError` for a file that is missing, too large, not TOML, or of another version.
  public static func read(_ path: FilePath) throws -> PythonLock {
    guard let status = try FileStatus.find(path) else {
      throw PythonError(.notFound, path.string, reason: "there is no lock", hint: "opz lock writes it")
    }
    guard status.kind == .file, status.size <= maximumBytes else {
      throw PythonError(.malformed, path.string, reason: "not a regular file of at most \(maximumBytes) bytes")
    }
    let bytes = try FileBlob(path, size: status.size).bytes()
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw PythonError(.malformed, path.string, reason: "the text is not UTF-8")
    }
    return try PythonLock(text, subject: path.string)
  }

  /// - Parameter subject: the lock's name in errors.
  public init(_ text: String, subject: String) throws {
    self.subject = subject
    let document: TOMLValue
    do {
      document = try TOMLReader.read(text)
    } catch {
      throw PythonError(.malformed, "\(subject):\(error.line)", reason: "not valid TOML: \(error.reason)")
    }
    guard let version = document["lock-version"]?.string, let items = document["packages"]?.array else {
      throw PythonError(
        .malformed, subject, reason: "not a lock: it has no lock-version or no packages", hint: "opz lock writes one")
    }
    guard version.hasPrefix("1.") else {
      throw PythonError(
        .malformed, subject, reason: "lock-version \(version.prefix(20)) is not 1.0", hint: "use a newer opz")
    }
    guard items.count <= PythonLock.maximumPackages else {
      throw PythonError(.malformed, subject, reason: "it has \(items.count) packages")
    }
    requiresPython = document["requires-python"]?.string
    packages = try items.map { try PythonLock.package($0, subject) }
  }

  private static func package(_ value: TOMLValue, _ subject: String) throws -> Package {
    guard let name = value["name"]?.string else {
      throw PythonError(.malformed, subject, reason: "one of its packages has no name")
    }
    func text(_ key: String) throws -> String? {
      guard let member = value[key] else { return nil }
      guard let text = member.string else {
        throw PythonError(.malformed, "\(subject): \(name.prefix(100))", reason: "\(key) is not a string")
      }
      return text
    }
    let (wheels, archive) = (value["wheels"]?.array ?? [], PythonLock.archive(value))
    let marker = try text("marker")
    return Package(
      name: name, version: try text("version"), marker: marker,
      wheels: (wheels + archive).map(PythonLock.file), isDirect: !archive.isEmpty, hasSource: value["sdist"] != nil,
      source: archive.isEmpty ? PythonLock.source(value, name, marker: marker) : nil,
      builtFrom: value["tool"]?["opz"].flatMap { PythonLock.source($0, name, marker: marker) },
      isUnpinned: ["vcs", "directory"].contains { value[$0] != nil } || (value["archive"] != nil && archive.isEmpty))
  }

  /// The source in `vcs`, `directory` or `archive` (PEP 751); nil for other kinds of them.
  private static func source(_ value: TOMLValue, _ name: String, marker: String?) -> SourcePackage? {
    func package(_ place: SourcePackage.Place?, _ key: String) -> SourcePackage? {
      place.map { SourcePackage(name, at: $0, subdirectory: value[key]?["subdirectory"]?.string, marker: marker) }
    }
    if let directory = value["directory"]?["path"]?.string { return package(.directory(directory), "directory") }
    if let path = value["archive"]?["path"]?.string { return package(.archive(path), "archive") }
    if let vcs = value["vcs"], vcs["type"]?.string == "git", let commit = vcs["commit-id"]?.string,
      let url = vcs["url"]?.string ?? vcs["path"]?.string
    {
      return package(.git(url: url, commit: commit), "vcs")
    }
    return nil
  }

  /// The packages that are source code, of which a wheel is to be built, as far as the target needs them.
  /// - Throws: `PythonError` for a marker that is none.
  public func sources(for target: PythonTarget) throws -> [SourcePackage] {
    try packages.compactMap(\.source).filter {
      try $0.marker.map { try EnvironmentMarker(parsing: $0).holds(for: target) } ?? true
    }
  }

  /// The directories that wheels in the lock were built from; relative to the lock's directory, or absolute.
  public var sourceDirectories: [String] {
    packages.compactMap { package in
      guard let source = package.source ?? package.builtFrom, case .directory(let path) = source.place else {
        return nil
      }
      guard let inside = source.subdirectory else { return path }
      return FilePath(path).pushing(FilePath(inside)).string
    }
  }

  /// The wheel that was built from a source; nil if the lock has none.
  public func wheel(builtFrom source: SourcePackage) -> LockedWheel? {
    guard let package = packages.first(where: { $0.builtFrom == source }), let file = package.wheels.first,
      let name = (try? PythonLock.fileName(file, package.name)).flatMap({ try? WheelName(parsing: $0) }),
      let location = try? PythonLock.location(file, package.name),
      let hash = file.hashes.first(where: { $0.algorithm == .sha256 }),
      let digest = Digest(algorithm: .sha256, hex: hash.hex)
    else { return nil }
    return LockedWheel(
      name: name, version: package.version ?? name.version, location: location, size: nil, digest: digest,
      hashes: file.hashes)
  }

  /// The wheels that requirements name by path, which opz did not build; relative to the lock's directory, or absolute.
  public var namedWheels: [String] {
    packages.filter { $0.isDirect && $0.builtFrom == nil }.flatMap(\.wheels).compactMap(\.path)
  }

  /// The file at a URL named in the requirements; empty if it is not a wheel.
  private static func archive(_ value: TOMLValue) -> [TOMLValue] {
    guard let archive = value["archive"], let location = archive["url"]?.string ?? archive["path"]?.string else {
      return []
    }
    return location.prefix { $0 != "?" && $0 != "#" }.hasSuffix(".whl") ? [archive] : []
  }

  private static func file(_ value: TOMLValue) -> File {
    File(
      name: value["name"]?.string, url: value["url"]?.string, path: value["path"]?.string,
      size: value["size"]?.integer,
      hashes: FileHash.Algorithm.allCases.compactMap { algorithm in
        value["hashes"]?[algorithm.rawValue]?.string.flatMap { FileHash(algorithm, hex: $0) }
      })
  }

  /// Selects the best fitting wheel of each package that the target needs.
  /// - Parameter rules: digests that the requirements list; nil if they list none.
  /// - Throws: `PythonError`: `wrongDigest` if no fitting wheel has a listed digest; other codes for a package
  ///   without a fitting wheel or a digest, or from an unsupported source.
  public func select(for target: PythonTarget, allowing rules: HashRules? = nil) throws -> [LockedWheel] {
    try checkPython(target)
    var seen: Set<String> = []
    return try packages.compactMap { package in
      if let marker = package.marker, try !EnvironmentMarker(parsing: marker).holds(for: target) { return nil }
      let wheel = try best(package, target, rules: rules)
      guard seen.insert(wheel.name.normalizedDistribution).inserted else {
        throw PythonError(.incompatible, "\(subject): \(package.name)", reason: "duplicate package for \(target)")
      }
      return wheel
    }.sorted { $0.name.normalizedDistribution < $1.name.normalizedDistribution }
  }

  private func checkPython(_ target: PythonTarget) throws {
    for clause in (requiresPython ?? "").split(separator: ",") {
      let text = clause.filter { $0 != " " }
      let comparison = text.prefix { "<>=!~".contains($0) }
      let version = String(text.dropFirst(comparison.count))
      // The base image's patch number is unknown here.
      let own =
        version.split(separator: ".").count > 2 && comparison.hasPrefix(">")
        ? "3.\(target.minor).999" : "3.\(target.minor)"
      guard PythonVersion.meets(own, String(comparison), wanted: version) != false else {
        throw PythonError(
          .incompatible, subject, reason: "it is for Python \(requiresPython ?? ""), but \(target) is needed",
          hint: "opz lock --update makes one for this Python")
      }
    }
  }

  private func best(_ package: Package, _ target: PythonTarget, rules: HashRules?) throws -> LockedWheel {
    let name = "\(subject): \(package.name.prefix(100)) \((package.version ?? "").prefix(50))"
    if package.isUnpinned {
      throw PythonError(
        .incompatible, name, reason: "it is source code, and no wheel of it is in the lock",
        hint: package.source == nil
          ? "build a wheel of it (uv build --wheel), and name the file in the requirements"
          : "opz lock --update builds one with uv, and pins it")
    }
    var refusal: PythonError?
    var fitting: (rank: Int, build: BuildTag?, wheel: WheelName, file: File)?
    for file in package.wheels {
      let wheel = try WheelName(parsing: try PythonLock.fileName(file, name))
      guard let rank = wheel.tags.compactMap({ target.rank($0) }).min() else { continue }
      if let old = fitting,
        (old.rank, 0) < (rank, 0) || (old.rank == rank && !PythonLock.isNewer(wheel.build, old.build))
      {
        continue
      }
      if let rules, case let verdict = rules.verdict(wheel.normalizedDistribution, file.hashes),
        let error = rules.refusal(verdict, subject: name, file: wheel.description, file.hashes)
      {
        refusal = refusal ?? error
        continue
      }
      fitting = (rank, wheel.build, wheel, file)
    }
    if fitting == nil, let refusal { throw refusal }
    guard let fitting else { throw nothingFits(package, name, target: target) }
    guard let hash = fitting.file.hashes.first(where: { $0.algorithm == .sha256 }),
      let digest = Digest(algorithm: .sha256, hex: hash.hex)
    else {
      throw PythonError(
        .malformed, name, reason: "its wheel \(fitting.wheel) has no SHA-256",
        hint: "lock again from an index that lists digests")
    }
    guard let size = fitting.file.size.map({ UInt64(exactly: $0) }) ?? .some(0) else {
      throw PythonError(.malformed, name, reason: "its wheel has a negative size")
    }
    return LockedWheel(
      name: fitting.wheel, version: package.version ?? fitting.wheel.version,
      location: try PythonLock.location(fitting.file, name),
      size: fitting.file.size == nil ? nil : size, digest: digest, hashes: fitting.file.hashes)
  }

  private static func isNewer(_ build: BuildTag?, _ old: BuildTag?) -> Bool {
    switch (build, old) {
    case (let build?, let old?): old < build
    case (.some, nil): true
    default: false
    }
  }

  private func nothingFits(_ package: Package, _ name: String, target: PythonTarget) -> PythonError {
    if package.wheels.isEmpty, package.hasSource {
      return PythonError(
        .incompatible, name, reason: "it has only a source distribution, and opz builds no packages",
        hint:
          "build a wheel for \(target.platform) (pip wheel --no-deps \(package.name)), and name the file in the requirements"
      )
    }
    let names = package.wheels.compactMap { file in
      (try? PythonLock.fileName(file, name)).flatMap { try? WheelName(parsing: $0) }
    }
    for wheel in names {
      guard let needed = wheel.tags.lazy.compactMap({ target.missingLibrary(for: $0) }).first else { continue }
      return PythonError(
        .incompatible, name, reason: "its wheel \(wheel) needs \(needed), and the base is for \(target)",
        hint: "name a base with \(needed) or newer, or opz lock --update for a version of the package that fits")
    }
    return PythonError(
      .incompatible, name, reason: "none of its \(package.wheels.count) wheels fits \(target)",
      hint: "another version of the package, of Python or of the base may have one; opz lock --update searches again")
  }

  private static func fileName(_ file: File, _ package: String) throws -> String {
    if let name = file.name { return name }
    guard let location = file.url ?? file.path else {
      throw PythonError(.malformed, package, reason: "one of its wheels has neither url nor path")
    }
    let last = location.prefix { $0 != "?" && $0 != "#" }.split(separator: "/").last ?? ""
    return String(last.replacing("%2B", with: "+").replacing("%2b", with: "+"))
  }

  /// A digest pins the bytes, so that the file may be anywhere.
  /// - Throws: for a URL with a user, and for a path that is none.
  private static func location(_ file: File, _ package: String) throws -> LockedWheel.Location {
    if let url = file.url {
      if url.hasPrefix("file:") { return .path(try path(String(url.dropFirst("file:".count)), package)) }
      let authority = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).dropFirst(2).first ?? ""
      guard !authority.contains("@") else {
        throw PythonError(
          .malformed, package, reason: "the address of its wheel contains a user name or a password",
          hint: "remove it from the lock, and put it into ~/.netrc or uv's environment variables")
      }
      return .url(url)
    }
    let path = file.path ?? ""
    guard !path.isEmpty, !path.contains("\\"), !path.utf8.contains(0) else {
      throw PythonError(
        .malformed, package, reason: "the path of its wheel is empty, or has a backslash or a zero in it")
    }
    return .path(path)
  }

  /// The path in what follows `file:` (RFC 8089).
  private static func path(_ text: String, _ package: String) throws -> String {
    let path =
      text.hasPrefix("//localhost/") ? text.dropFirst(11) : text.hasPrefix("///") ? text.dropFirst(2) : text[...]
    guard !path.hasPrefix("//"), let decoded = PercentCoding.decode(String(path)), !decoded.utf8.contains(0) else {
      throw PythonError(.malformed, package, reason: "the file: address of its wheel has a host, or is not a path")
    }
    return decoded
  }
}
