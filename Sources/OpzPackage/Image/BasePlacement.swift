public import OpzArchive
import OpzIO
public import OpzOCI
public import SystemPackage

/// Places a project's files on a base image: symbolic links of the base are followed as in a container, the base's
/// directories keep their attributes, and nothing replaces an entry of another kind.
public struct BasePlacement: Sendable {
  /// A destination changed by the base's links.
  public struct Move: Sendable, Hashable {
    /// The destination in opz.yaml.
    public let requested: FilePath
    /// Where the base's links lead.
    public let actual: FilePath

    /// A message for users.
    public func text(_ base: String?) -> String {
      "/\(requested) goes to /\(actual): \(base ?? "the base") has a link in its path"
    }
  }

  private let table: PathTable
  /// The base's name in opz.yaml.
  private let base: String

  /// - Parameter table: the paths in the base.
  public init(_ table: PathTable, base: String) {
    self.table = table
    self.base = base
  }

  // MARK: Layers of a project

  /// The layers of a project on its bases: the same for all platforms, unless the bases differ where files are
  /// placed.
  /// - Parameters:
  ///   - environment: layers of packages, each for one platform.
  ///   - placements: one per platform.
  public static func layers(
    _ files: [SourceFile], environment: [PlannedLayer], compression: Compression,
    on placements: [(platform: Platform, placement: BasePlacement)]
  ) throws -> (layers: [PlannedLayer], moves: [Move]) {
    let packages = placements.flatMap { platform, placement in
      placement.place(environment.filter { $0.platform == platform })
    }
    var (planned, moves) = ([[PlannedLayer]](), [Move]())
    for (_, placement) in placements {
      let placed = try placement.place(files)
      planned.append(PlannedLayer.plan(placed.files, compression: compression).map { $0.on(placement) })
      let known = Set(moves)
      moves += placed.moves.filter { !known.contains($0) }
    }
    // The worker's program changes with opz alone, packages more often.
    func ordered(_ layers: [PlannedLayer]) -> [PlannedLayer] {
      layers.filter { $0.role == .server } + packages + layers.filter { $0.role != .server }
    }
    let shapes = Set(planned.map { $0.map(LayerKey.shape) })
    guard shapes.count > 1 else { return (ordered(planned.first ?? []), moves) }
    for (index, (platform, _)) in placements.enumerated() {
      for layer in planned[index].indices { planned[index][layer].platform = platform }
    }
    return (ordered(planned.flatMap(\.self)), moves)
  }

  // MARK: Files of a project

  /// The files with their final paths, without directories that the base already has.
  /// - Throws: `PackageError.occupied` if a file would replace a directory or the reverse, for link cycles, and for
  ///   two files with the same final path.
  public func place(_ files: [SourceFile]) throws -> (files: [SourceFile], moves: [Move]) {
    var parents: [FilePath: FilePath] = [:]
    var (placed, moves) = ([(file: SourceFile, place: FilePath)](), [Move]())
    placed.reserveCapacity(files.count)
    for file in files {
      let wanted = file.destination
      guard let name = wanted.lastComponent else { continue }
      let above = wanted.removingLastComponent()
      let parent = try parents[above] ?? resolve(above, for: wanted)
      parents[above] = parent
      guard let place = try place(parent.appending(name), isDirectory: file.kind == .directory, for: wanted) else {
        continue
      }
      if place != wanted {
        try checkMounts(place, wanted)
        moves.append(Move(requested: wanted, actual: place))
      }
      placed.append((file, place))
    }
    if !moves.isEmpty { try checkCollisions(placed) }
    return (placed.map { $0.place == $0.file.destination ? $0.file : $0.file.moved(to: $0.place) }, moves)
  }

  /// Refuses paths over which container runtimes mount.
  private func checkMounts(_ place: FilePath, _ wanted: FilePath) throws {
    guard let first = place.components.first?.string, ["proc", "sys", "dev"].contains(first) else { return }
    throw PackageError(
      .occupied, "/\(wanted)", reason: "links in \(base) lead to /\(place), which container runtimes fill",
      hint: "choose another path in opz.yaml")
  }

  /// Refuses files with different destinations in opz.yaml that have the same path on this base.
  private func checkCollisions(_ placed: [(file: SourceFile, place: FilePath)]) throws {
    var taken: [FilePath: SourceFile] = [:]
    for (file, place) in placed {
      if let other = taken[place], other.destination != file.destination,
        file.kind != .directory || other.kind != .directory
      {
        throw PackageError(
          .occupied, "/\(file.destination)",
          reason: "it and /\(other.destination) are the same path in \(base), /\(place)",
          hint: "remove one of them")
      }
      taken[place] = file
    }
  }

  /// Whether the base has a file at a path, after its links.
  public func hasFile(_ path: FilePath) -> Bool {
    guard let place = resolved(path), case .other? = table[place] else { return false }
    return true
  }

  /// Where the base's links lead from a path; nil if they lead nowhere.
  public func resolved(_ path: FilePath) -> FilePath? {
    guard case .path(let place) = table.resolve(path) else { return nil }
    return place
  }

  /// The base's directories above these files.
  public func directories(above files: [SourceFile]) -> [BaseDirectory] {
    directories(above: files.lazy.map { ($0.destination, $0.kind == .directory) })
  }

  private func directories(above places: some Sequence<(FilePath, Bool)>) -> [BaseDirectory] {
    var seen: Set<FilePath> = []
    var found: [BaseDirectory] = []
    for (place, _) in places {
      var path = place
      while path.removeLastComponent(), !path.isEmpty, seen.insert(path).inserted {
        if case .directory(let mode, let uid, let gid)? = table[path] {
          found.append(BaseDirectory(path: path, mode: mode, uid: uid, gid: gid))
        }
      }
    }
    return found.sorted { $0.path.bytesPrecede($1.path) }
  }

  private func resolve(_ path: FilePath, for wanted: FilePath) throws -> FilePath {
    switch table.resolve(path) {
    case .path(let resolved):
      if case .other? = table[resolved], !resolved.isEmpty { throw notADirectory(resolved, wanted) }
      return resolved
    case .loop:
      throw PackageError(
        .occupied, "/\(wanted)", reason: "links of \(base) in its path lead to each other",
        hint: "choose another path in opz.yaml")
    case .blocked(let file): throw notADirectory(file, wanted)
    }
  }

  private func notADirectory(_ file: FilePath, _ wanted: FilePath) -> PackageError {
    PackageError(
      .occupied, "/\(wanted)", reason: "\(base) has a file at /\(file), where a directory is needed",
      hint: "choose another path in opz.yaml")
  }

  /// - Returns: nil for a directory that the base already has.
  private func place(_ path: FilePath, isDirectory: Bool, for wanted: FilePath) throws -> FilePath? {
    switch table[path] {
    case nil: return path
    case .other?:
      if isDirectory { throw notADirectory(path, wanted) }
      return path
    case .directory?:
      if isDirectory { return nil }
      throw isADirectory(path, wanted)
    case .link?:
      let target = try resolve(directory: path, for: wanted)
      let kind = target.isEmpty ? PathTable.Kind.directory(mode: 0, uid: 0, gid: 0) : table[target]
      switch kind {
      case .directory?:
        if isDirectory { return nil }
        throw isADirectory(path, wanted)
      case .other? where isDirectory: throw notADirectory(target, wanted)
      // The file replaces the link itself, and the link's target stays.
      default: return isDirectory ? target : path
      }
    }
  }

  private func resolve(directory path: FilePath, for wanted: FilePath) throws -> FilePath {
    if case .path(let target) = table.resolve(path) { return target }
    return try resolve(path, for: wanted)
  }

  private func isADirectory(_ path: FilePath, _ wanted: FilePath) -> PackageError {
    PackageError(
      .occupied, "/\(wanted)", reason: "\(base) has a directory at /\(path), and a file would replace it",
      hint: "end to: with a / to put the file into it")
  }

  // MARK: Existing layers

  /// Why a layer's entry would be placed elsewhere on this base or change it; nil if it would not.
  public func objection(to name: LayerName) -> String? {
    let path = FilePath(bytes: name.path)
    let above = path.removingLastComponent()
    if !above.isEmpty, table.resolve(above) != .path(above) {
      return "\(base) has a link or a file in the path of /\(path)"
    }
    switch (name.kind, table[path]) {
    case (_, nil): return nil
    case (.directory(let mode, let uid, let gid), .directory(let own, let owner, let group)?):
      if (mode, uid, gid) == (own, owner, group) { return nil }
      return "/\(path) is 0\(String(own, radix: 8)) of \(owner):\(group) in \(base), but the layer has it as "
        + "0\(String(mode, radix: 8)) of \(uid):\(gid)"
    case (.directory, _): return "\(base) has no directory at /\(path)"
    case (_, .directory?): return "\(base) has a directory at /\(path), but the layer has a file"
    default: return nil
    }
  }

  // MARK: Entries of packages

  /// The entries with their final paths, preceded by the base's directories above them.
  /// - Parameter replaces: whether an entry may replace a file or link of the base.
  /// - Throws: `PackageError.occupied`.
  func place(_ entries: [TarEntry], replaces: Bool) throws -> [TarEntry] {
    var parents: [FilePath: FilePath] = [:]
    var placed: [TarEntry] = []
    for var entry in entries {
      guard let name = entry.path.lastComponent else { continue }
      let above = entry.path.removingLastComponent()
      let parent = try parents[above] ?? resolve(above, for: entry.path)
      parents[above] = parent
      let isDirectory = if case .directory = entry.kind { true } else { false }
      guard let place = try place(parent.appending(name), isDirectory: isDirectory, for: entry.path) else { continue }
      if !replaces, !isDirectory, table[place] != nil {
        throw PackageError(
          .occupied, "/\(entry.path)", reason: "\(base) has this file, and a package may not replace it",
          hint: "install the package in the base, or remove the file there")
      }
      entry.path = place
      placed.append(entry)
    }
    return placed + directories(above: placed.lazy.map { ($0.path, false) }).map(\.entry)
  }

  /// Layers of packages placed on this base. Their bytes depend on what the base has at, below and above `root`, and on
  /// nothing else in it.
  func place(_ layers: [PlannedLayer]) -> [PlannedLayer] {
    // A listing of a whole base takes a while, so it is made once.
    var known: [FilePath: [String]] = [:]
    return layers.map { layer in
      guard case .packages(let source) = layer.source else { return layer.on(self) }
      let facts = known[source.root] ?? facts(around: source.root)
      known[source.root] = facts
      guard !facts.isEmpty else { return layer }
      let placed = LayerSource.PackageSource(
        source.kind, names: source.names, root: source.root, identity: source.identity + facts, size: source.size,
        entries: { [self] in try place(source.entries(), replaces: source.kind == .wheel) })
      return PlannedLayer(
        role: layer.role, source: .packages(placed), compression: layer.compression, platform: layer.platform)
    }
  }

  /// The base's entries around a directory; empty if the base does not affect what is placed there.
  private func facts(around root: FilePath) -> [String] {
    var found = table.listing(below: root)
    if found.contains(where: { $0.contains(" link(") }) { found += table.listing(below: FilePath("")) }
    let resolved: FilePath = if case .path(let path) = table.resolve(root) { path } else { root }
    if resolved != root { found += ["resolved \(resolved)"] + table.listing(below: resolved) }
    let plain = BaseDirectory(path: FilePath(""), mode: 0o755, uid: 0, gid: 0)
    for directory in directories(above: [(resolved.appending("x"), false)])
    where (directory.mode, directory.uid, directory.gid) != (plain.mode, plain.uid, plain.gid) {
      found.append("\(directory)")
    }
    return found.isEmpty ? [] : ["base \(Digest.of(Array(found.joined(separator: "\n").utf8)))"]
  }
}

extension BaseDirectory {
  var entry: TarEntry { TarEntry(path, .directory, mode: mode, uid: uid, gid: gid) }
}

/// A directory of a base image, with its mode and owner.
///
/// A layer that adds files to it repeats its entry unchanged: docker's and podman's overlay drivers unpack each
/// layer separately and create directories without an entry as 0755 and root's, which would hide the base's own
/// attributes.
public struct BaseDirectory: Sendable, Hashable {
  public let path: FilePath
  public let mode: UInt32
  public let uid: UInt32
  public let gid: UInt32

  /// Describes a directory of the base image by its path, permission bits and numeric owner.
  public init(path: FilePath, mode: UInt32, uid: UInt32, gid: UInt32) {
    self.path = path
    self.mode = mode
    self.uid = uid
    self.gid = gid
  }
}
