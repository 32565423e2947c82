import OpzIO

/// The `Packages` file of an archive. Paragraphs are read when they are asked for: Debian's has sixty thousand.
public struct PackageIndex: Sendable {
  /// The most bytes of a file.
  public static let limit = 512 << 20

  private let bytes: [UInt8]
  private let architecture: String
  private let archive: String
  private let priority: Int
  private let subject: String
  private var named: [String: [Range<Int>]] = [:]
  private var providers: [String: [Range<Int>]] = [:]

  /// Finds the paragraphs of a file.
  /// - Parameters:
  ///   - architecture: packages of others, except `all`, are left out.
  ///   - archive: the archive's base, ending with a slash, which names of files are below.
  ///   - priority: as apt's: packages of a higher one are preferred whatever their version.
  /// - Throws: `DebianError` for a file that is malformed or too large.
  public init(_ bytes: [UInt8], architecture: String, archive: String, priority: Int = 500, subject: String) throws {
    guard bytes.count <= PackageIndex.limit else {
      throw DebianError(.overLimit, subject, reason: "it has more than \(PackageIndex.limit) bytes")
    }
    (self.bytes, self.architecture, self.archive) = (bytes, architecture, archive)
    (self.priority, self.subject) = (priority, subject)
    try scan()
  }

  private mutating func scan() throws {
    let (package, provides) = (Array("Package:".utf8), Array("Provides:".utf8))
    var (start, place) = (0, 0)
    var name: String?
    var hasProvides = false
    func close(_ end: Int) throws {
      guard let known = name else { return }
      named[known, default: []].append(start..<end)
      if hasProvides {
        for provided in try read(start..<end)?.provides ?? [] {
          providers[provided.name, default: []].append(start..<end)
        }
      }
      (name, hasProvides) = (nil, false)
    }
    while place < bytes.count {
      let end = bytes[place...].firstIndex(of: 10) ?? bytes.count
      if end == place {
        try close(place)
        start = end + 1
      } else if bytes[place] == UInt8(ascii: "P") {
        let line = bytes[place..<end]
        if line.starts(with: package) {
          let text = line.dropFirst(package.count).drop { $0 == 32 || $0 == 9 }
          name = String(decoding: text.prefix { $0 > 32 }, as: UTF8.self)
        } else if line.starts(with: provides) {
          hasProvides = true
        }
      }
      place = end + 1
    }
    try close(bytes.count)
  }

  /// Nil for a package of another architecture.
  private func read(_ range: Range<Int>) throws -> DebianPackage? {
    guard let paragraph = try ControlParagraph.all(in: bytes[range], subject: subject).first else { return nil }
    let own = paragraph["Architecture"] ?? architecture
    guard own == architecture || own == "all" else { return nil }
    return try DebianPackage(
      paragraph, native: architecture, archive: archive, priority: priority, subject: subject)
  }

  /// The packages of a name, in the file's order.
  func packages(_ name: String) throws -> [DebianPackage] { try (named[name] ?? []).compactMap(read) }

  /// The packages that provide a name.
  func providers(of name: String) throws -> [DebianPackage] { try (providers[name] ?? []).compactMap(read) }
}

/// The packages of all archives that a base names.
public struct PackagePool: Sendable {
  private let indexes: [PackageIndex]
  private let preferred: [String: DebianVersion]

  /// - Parameter preferred: versions that are taken before newer ones, by name: those of a former lock.
  public init(_ indexes: [PackageIndex], preferring preferred: [String: DebianVersion] = [:]) {
    (self.indexes, self.preferred) = (indexes, preferred)
  }

  /// Whether an archive has a package of this name.
  public func has(_ name: String) throws -> Bool { try !packages(name).isEmpty }

  /// The packages of a name, the one to take first.
  func packages(_ name: String) throws -> [DebianPackage] {
    let found = try indexes.flatMap { try $0.packages(name) }.filter { $0.file != nil && $0.digest != nil }
    return found.sorted { one, other in
      let (mine, theirs) = (one.version == preferred[one.name], other.version == preferred[other.name])
      if mine != theirs { return mine }
      if one.priority != other.priority { return one.priority > other.priority }
      return one.version > other.version
    }
  }

  /// What a relation may be satisfied with, the best first: packages of the name, then those that provide it.
  func candidates(_ relation: Relation) throws -> [DebianPackage] {
    let own = try packages(relation.name).filter { $0.satisfies(relation) }
    let names = Set(try indexes.flatMap { try $0.providers(of: relation.name) }.map(\.name)).sorted()
    let others = try names.filter { $0 != relation.name }
      .flatMap { try packages($0).filter { $0.satisfies(relation) } }
    return own + others
  }
}
