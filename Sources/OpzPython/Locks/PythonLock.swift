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
    let hasSource: Bool
    /// Its source is not pinned by a digest.
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
    return Package(
      name: name, version: try text("version"), marker: try text("marker"),
      wheels: (wheels + archive).map(PythonLock.file), hasSource: value["sdist"] != nil,
      isUnpinned: ["vcs", "directory"].contains { value[$0] != nil } || (value["archive"] != nil && archive.isEmpty))
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
        .incompatible, name,
        reason: "it comes from a directory, an archive or a version control system, which no digest pins",
        hint: "build a wheel of it (uv build --wheel), and name that in the requirements")
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
          "build a wheel for \(target.platform) (uv build --wheel, or pip wheel), upload it to your own index, and lock again"
      )
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

  /// - Throws: for a URL with a user, and for a path outside the lock's directory.
  private static func location(_ file: File, _ package: String) throws -> LockedWheel.Location {
    if let url = file.url {
      let authority = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).dropFirst(2).first ?? ""
      guard !authority.contains("@") else {
        throw PythonError(
          .malformed, package, reason: "the address of its wheel contains a user name or a password",
          hint: "remove it from the lock, and put it into ~/.netrc or uv's environment variables")
      }
      guard !url.hasPrefix("file:") else {
        throw PythonError(
          .malformed, package, reason: "the path of its wheel is absolute", hint: "use a path relative to the lock")
      }
      return .url(url)
    }
    let path = file.path ?? ""
    guard !path.isEmpty, !path.hasPrefix("/"), !path.contains("\\"), !path.split(separator: "/").contains("..") else {
      throw PythonError(.malformed, package, reason: "the path of its wheel leads out of the project")
    }
    return .path(path)
  }
}
