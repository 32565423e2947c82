public import OpzArchive
import OpzOCI
import SystemPackage

/// The properties of a base image that Python wheels depend on, read from its files without executing them.
public struct BaseFacts: Codable, Sendable, Hashable {
  /// The version of glibc, `2.36`; nil if the base has none.
  public var glibc: String?
  /// The version of musl, `1.2`; nil if the base has none.
  public var musl: String?
  /// The installed versions of Python: `3.11`.
  public var python: [String]
  /// The whole version of each of them, by its short one: `3.11.7` by `3.11`; nil in files of older versions of opz.
  public var releases: [String: String]?
  /// The version of CUDA in the base's environment: `12.4.1`.
  public var cuda: String?

  /// Whether it has libstdc++.so.6, which C++ extensions in wheels take from the base.
  public var hasLibstdcxx: Bool

  /// Creates facts from known values instead of reading layers; nil and empty mean that the base has none.
  public init(
    glibc: String? = nil, musl: String? = nil, python: [String] = [], releases: [String: String]? = nil,
    cuda: String? = nil, hasLibstdcxx: Bool = false
  ) {
    self.glibc = glibc
    self.musl = musl
    self.python = python
    self.releases = releases
    self.cuda = cuda
    self.hasLibstdcxx = hasLibstdcxx
  }

  /// Reads each layer of an image once.
  /// - Parameter environment: the image's own, `NAME=value`.
  /// - Throws: `ArchiveError` for layers that are damaged, unsafe or over a limit.
  public static func read(_ stack: LayerStack, environment: [String]) throws -> BaseFacts {
    var reader = BaseFactsReader(limits: stack.limits)
    for layer in stack.layers { try reader.add(layer) }
    return reader.facts(environment: environment)
  }

  /// glibc 2.34 and later contain their version; earlier ones have it in the name of the link's target.
  fileprivate static func glibc(
    _ header: TarHeader, _ reader: TarReader, libraries: [FilePath: String]
  ) throws -> String? {
    switch header.kind {
    case .symlink(let target): return version(after: "libc-", in: target)
    case .hardlink(let target): return libraries[target] ?? version(after: "libc-", in: Array(target.string.utf8))
    case .file:
      guard header.size <= largestLibrary else { return nil }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(Int(header.size))
      try reader.forEachChunk { bytes.append(contentsOf: $0) }
      return version(after: "stable release version ", in: bytes)
    default: return nil
    }
  }

  fileprivate static func isGlibc(_ path: FilePath) -> Bool {
    path.lastComponent?.string == "libc.so.6" && path.string.contains("lib")
  }

  private static let largestLibrary: UInt64 = 64 << 20

  /// `usr/bin/python3.11` -> `3.11`.
  fileprivate static func python(_ path: FilePath) -> String? {
    guard let name = path.lastComponent?.string, name.hasPrefix("python3."),
      path.removingLastComponent().string.hasSuffix("bin")
    else { return nil }
    let minor = name.dropFirst("python3.".count)
    guard (1...3).contains(minor.utf8.count), minor.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return "3.\(minor)"
  }

  fileprivate static func isBefore(_ one: String, _ other: String) -> Bool {
    (Int(one.dropFirst(2)) ?? 0) < (Int(other.dropFirst(2)) ?? 0)
  }

  /// The two numbers after a marker text in a file.
  private static func version(after mark: String, in bytes: [UInt8]) -> String? {
    let mark = Array(mark.utf8)
    guard let first = mark.first else { return nil }
    var start = bytes.startIndex
    while let found = bytes[start...].firstIndex(of: first) {
      if bytes[found...].starts(with: mark) {
        let rest = bytes[(found + mark.count)...].prefix(16).prefix { (48...57).contains($0) || $0 == 46 }
        let parts = String(decoding: rest, as: UTF8.self).split(separator: ".")
        if parts.count >= 2 { return "\(parts[0]).\(parts[1])" }
      }
      start = found + 1
    }
    return nil
  }
}

/// Collects the facts of a base from its layers, which are added one by one, the lowest first. Paths are kept in a
/// compact table (`PathTable`), so a million files fit in memory.
public struct BaseFactsReader: Sendable {
  private let limits: ArchiveLimits
  private var table: PathTable
  private var count = 0
  private var libraries: [FilePath: String] = [:]
  private var releases: [String: String] = [:]

  /// Begins with no layer.
  public init(limits: ArchiveLimits = ArchiveLimits()) {
    self.limits = limits
    table = PathTable(limits: limits)
  }

  /// Reads the next layer once.
  /// - Throws: `ArchiveError` for a layer that is damaged, unsafe or over a limit.
  public mutating func add(_ layer: StoredLayer) throws {
    try table.begin(layer: count, archive: layer.name)
    count += 1
    try layer.forEachHeader(limits: limits) { header, reader in
      try table.add(LayerName(header))
      // The same name in a later layer is the file that the image has.
      if let minor = PythonRelease.minor(of: header.path),
        let found = try PythonRelease.read(header, reader, minor: minor)
      {
        releases[minor] = found
      }
      guard BaseFacts.isGlibc(header.path) else { return }
      libraries[header.path] = try BaseFacts.glibc(header, reader, libraries: libraries)
    }
  }

  /// The facts of the image whose layers were added.
  /// - Parameter environment: the image's own, `NAME=value`.
  public func facts(environment: [String]) -> BaseFacts {
    var facts = BaseFacts(cuda: environment.first { $0.hasPrefix("CUDA_VERSION=") }.map { String($0.dropFirst(13)) })
    let programs = table.paths(named: { $0.starts(with: "python3.".utf8) })
    facts.python = Set(programs.compactMap(BaseFacts.python)).sorted(by: BaseFacts.isBefore)
    var releases = releases.filter { facts.python.contains($0.key) }
    // What Docker's official images say of the Python that they have built.
    if let whole = environment.first(where: { $0.hasPrefix("PYTHON_VERSION=") })?.dropFirst(15),
      let minor = facts.python.first(where: { whole.hasPrefix("\($0).") }), releases[minor] == nil
    {
      releases[minor] = String(whole)
    }
    facts.releases = releases
    if let path = table.paths(named: { $0.elementsEqual("libc.so.6".utf8) }).first(where: { BaseFacts.isGlibc($0) }) {
      facts.glibc = libraries[path]
    }
    facts.hasLibstdcxx = !table.paths(named: { $0.elementsEqual("libstdc++.so.6".utf8) }).isEmpty
    if !table.paths(named: { $0.starts(with: "ld-musl-".utf8) }).isEmpty { facts.musl = "1.2" }
    return facts
  }
}
