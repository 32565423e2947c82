public import OpzIO

/// A package, as dpkg's `status` or an archive's `Packages` describes it.
public struct DebianPackage: Sendable {
  /// A name that a package stands for besides its own.
  struct Provided: Sendable {
    let name: String
    /// Nil for one without a version, which satisfies no relation with one.
    let version: DebianVersion?
  }

  public let name: String
  public let version: DebianVersion
  public let architecture: String
  /// What it needs, Pre-Depends among them.
  public let dependencies: [Dependency]
  /// What must not be there with it: Conflicts and Breaks.
  let conflicts: [Relation]
  let provides: [Provided]
  /// Where the .deb is, below the archive's base; nil for an installed package.
  public let file: String?
  /// Bytes of the .deb.
  public let size: UInt64?
  public let digest: Digest?
  /// The archive's base, ending with a slash; empty for an installed package.
  public let archive: String
  /// Where the .deb is; nil for an installed package, and for a name that leads elsewhere.
  public var url: String? {
    guard let file, !archive.isEmpty else { return nil }
    let parts = file.split(separator: "/").filter { $0 != "." }
    guard !parts.isEmpty, !parts.contains(".."), file.utf8.allSatisfy({ (33...126).contains($0) }) else { return nil }
    return archive + parts.joined(separator: "/")
  }

  /// As apt's: 500, or 100 and 1 for archives that packages are not taken from by themselves.
  let priority: Int

  /// Reads a package's paragraph.
  /// - Parameters:
  ///   - native: the architecture of the system.
  ///   - archive: where the package would come from, ending with a slash; empty for an installed one.
  /// - Throws: `DebianError.malformed`.
  public init(
    _ paragraph: ControlParagraph, native: String, archive: String = "", priority: Int = 500, subject: String
  ) throws {
    guard let name = paragraph["Package"], PackageName.isValid(name) else {
      throw DebianError(.malformed, subject, reason: "a package has no usable name")
    }
    let own = "\(subject): \(name)"
    guard let text = paragraph["Version"], let version = DebianVersion(text) else {
      throw DebianError(
        .malformed, own, reason: "\"\((paragraph["Version"] ?? "").prefix(80))\" is no version of a package")
    }
    func relations(_ field: String) throws -> [Dependency] {
      try paragraph[field].map { try Dependency.all(in: $0, architecture: native, subject: "\(own): \(field)") } ?? []
    }
    (self.name, self.version, self.archive, self.priority) = (name, version, archive, priority)
    architecture = paragraph["Architecture"] ?? native
    dependencies = try relations("Pre-Depends") + relations("Depends")
    conflicts = try (relations("Conflicts") + relations("Breaks")).flatMap(\.alternatives)
    provides = try relations("Provides").flatMap(\.alternatives).map {
      Provided(name: $0.name, version: $0.comparison == .exactly ? $0.version : nil)
    }
    file = paragraph["Filename"]
    size = paragraph["Size"].flatMap { UInt64($0) }
    digest = paragraph["SHA256"].flatMap { Digest(algorithm: .sha256, hex: $0) }
  }

  /// Whether it is what a relation asks for, by its own name or one that it provides.
  func satisfies(_ relation: Relation) -> Bool {
    if name == relation.name, relation.accepts(version) { return true }
    return provides.contains { provided in
      guard provided.name == relation.name else { return false }
      guard relation.version != nil else { return true }
      return provided.version.map(relation.accepts) ?? false
    }
  }
}

/// The packages that dpkg has installed in a base.
public struct InstalledPackages: Sendable {
  private var packages: [String: DebianPackage] = [:]
  private var providers: [String: [String]] = [:]
  /// By the name that they are about: what installed packages do not go together with.
  private(set) var conflicts: [String: [(relation: Relation, owner: String)]] = [:]

  /// No packages.
  public init() {}

  /// All packages, sorted by name.
  public var all: [DebianPackage] { packages.values.sorted { $0.name < $1.name } }

  /// The installed package of a name.
  public subscript(_ name: String) -> DebianPackage? { packages[name] }

  /// Adds the packages of dpkg's `status`, or of a file in `status.d`. Packages of another architecture are left out.
  /// - Parameter isStatus: whether only those count whose Status says that they are installed.
  /// - Throws: `DebianError.malformed`.
  public mutating func add(
    _ bytes: some Collection<UInt8>, architecture: String, isStatus: Bool = true, subject: String
  ) throws {
    for paragraph in try ControlParagraph.all(in: bytes, subject: subject) {
      let state = paragraph["Status"]?.split(separator: " ").last
      guard !isStatus || ["installed", "triggers-pending", "triggers-awaited"].contains(state) else { continue }
      let own = paragraph["Architecture"] ?? architecture
      guard own == architecture || own == "all" else { continue }
      add(try DebianPackage(paragraph, native: architecture, subject: subject))
    }
  }

  mutating func add(_ package: DebianPackage) {
    packages[package.name] = package
    for provided in package.provides { providers[provided.name, default: []].append(package.name) }
    for relation in package.conflicts { conflicts[relation.name, default: []].append((relation, package.name)) }
  }

  /// The package that is what a relation asks for.
  func satisfying(_ relation: Relation) -> DebianPackage? {
    if let own = packages[relation.name], own.satisfies(relation) { return own }
    return providers[relation.name]?.lazy.compactMap { packages[$0] }.first { $0.satisfies(relation) }
  }

  /// Why a package cannot be added; nil where it can.
  func objection(to package: DebianPackage) -> String? {
    if let own = packages[package.name], own.version != package.version {
      return "\(own.name) \(own.version) is there already"
    }
    for relation in package.conflicts {
      if let other = satisfying(relation), other.name != package.name {
        return "it does not go together with \(other.name) \(other.version) (\(relation))"
      }
    }
    for name in [package.name] + package.provides.map(\.name) {
      for (relation, owner) in conflicts[name] ?? [] where owner != package.name && package.satisfies(relation) {
        return "\(owner) does not go together with it (\(relation))"
      }
    }
    return nil
  }
}
