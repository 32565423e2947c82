public import SystemPackage

/// The names of an image's files after all layers and their whiteouts are applied, without content.
///
/// Each name costs some 40 bytes besides its text, in four arrays: a million of them take 60 to 100 MB, and
/// `ArchiveLimits` (a million entries, 128 MiB of names) bounds the total at 256 MiB, whatever the layers contain.
/// Semantics: OCI image-spec, layer.md; an entry whose path goes through a link is refused, because container
/// runtimes differ in whether they follow it.
public struct PathTable: Sendable {
  /// What a name is; `other` is a file, a device or a FIFO.
  public enum Kind: Sendable, Hashable {
    case directory(mode: UInt32, uid: UInt32, gid: UInt32)
    case link(target: [UInt8])
    case other
  }

  struct Node {
    enum Kind: UInt8 { case gone, directory, link, other }

    var parent: UInt32
    /// Where its name starts in `names`.
    var name: UInt32
    /// The next node with the same hash.
    var chain: UInt32
    var child: UInt32
    var sibling: UInt32
    /// For a directory an index into `owners`; for a link the start of its target in `targets`.
    var detail: UInt32 = 0
    var nameLength: UInt16
    /// The last layer with an entry for this name.
    var layer: UInt16
    var kind: Kind
  }

  private struct Owner: Hashable {
    var mode: UInt32
    var uid: UInt32
    var gid: UInt32
  }

  static let none = UInt32.max
  private static let implied = Owner(mode: 0o755, uid: 0, gid: 0)

  private let limits: ArchiveLimits
  private(set) var nodes: ContiguousArray<Node> = []
  private var names: ContiguousArray<UInt8> = []
  private var targets: ContiguousArray<UInt8> = []
  private var buckets: ContiguousArray<UInt32>
  private var owners: [Owner] = []
  private var ownerNumbers: [Owner: UInt32] = [:]
  private var layer: UInt16 = 0
  private var archive = ""
  /// What this layer has hidden already: repeated whiteouts cost nothing.
  private var hidden: Set<UInt32> = []
  private var emptied: Set<UInt32> = []
  private var entries = 0
  private var nameBytes = 0

  /// An empty table with a root directory (mode 0755, owner 0:0).
  public init(limits: ArchiveLimits = ArchiveLimits()) {
    self.limits = limits
    buckets = ContiguousArray(repeating: PathTable.none, count: 1 << 10)
    nodes.append(
      Node(
        parent: PathTable.none, name: 0, chain: PathTable.none, child: PathTable.none, sibling: PathTable.none,
        nameLength: 0, layer: 0, kind: .directory))
    nodes[0].detail = number(PathTable.implied)
  }

  // MARK: Applying layers

  /// Starts the next layer; whiteouts apply to the layers before it.
  /// - Parameters:
  ///   - index: the layer's position, lowest first.
  ///   - archive: the layer's name in messages.
  /// - Throws: `ArchiveError` with code `overLimit` for more layers than any runtime accepts.
  public mutating func begin(layer index: Int, archive: String) throws {
    guard let number = UInt16(exactly: index) else {
      throw ArchiveError(.overLimit, archive, reason: "\(index) layers are more than any container runtime accepts")
    }
    layer = number
    self.archive = archive
    hidden = []
    emptied = []
  }

  /// Applies one name of the layer.
  /// - Throws: `ArchiveError` when a limit is exceeded, or when a component of its path is not a directory.
  public mutating func add(_ name: LayerName) throws {
    try admit(name)
    guard !name.path.isEmpty else {
      if case .directory(let mode, let uid, let gid) = name.kind {
        nodes[0].detail = number(Owner(mode: mode, uid: uid, gid: gid))
      }
      return
    }
    let parts = name.path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true)
    guard let last = parts.last else { return }
    if parts.dropLast().contains(where: { Whiteout.isReserved($0) }) {
      throw refuse(name, "a directory's name begins with .wh.")
    }
    if let whiteout = try Whiteout.parse(Array(last), archive: archive) {
      return hide(whiteout, in: parts.dropLast())
    }
    let place = try node(last, in: try directory(parts.dropLast(), for: name))
    set(place, name.kind)
  }

  private mutating func admit(_ name: LayerName) throws {
    entries += 1
    nameBytes += name.path.count
    if case .link(let target) = name.kind { nameBytes += target.count }
    guard entries <= limits.entries else {
      throw ArchiveError(.overLimit, archive, reason: "the layers have more than \(limits.entries) entries")
    }
    guard nameBytes <= limits.nameBytes else {
      throw ArchiveError(.overLimit, archive, reason: "the layers' paths have more than \(limits.nameBytes) bytes")
    }
  }

  private mutating func set(_ place: Int, _ kind: LayerName.Kind) {
    switch kind {
    case .directory(let mode, let uid, let gid):
      nodes[place].kind = .directory
      nodes[place].detail = number(Owner(mode: mode, uid: uid, gid: gid))
    case .link(let target):
      removeChildren(of: place)
      nodes[place].kind = .link
      nodes[place].detail = UInt32(targets.count)
      withUnsafeBytes(of: UInt32(target.count).littleEndian) { targets.append(contentsOf: $0) }
      targets.append(contentsOf: target)
    case .other:
      removeChildren(of: place)
      nodes[place].kind = .other
    }
    nodes[place].layer = layer
  }

  /// The directory that an entry goes into, created with defaults where no layer lists it.
  private mutating func directory(_ parts: ArraySlice<ArraySlice<UInt8>>, for name: LayerName) throws -> Int {
    var current = 0
    for part in parts {
      let next = try node(part, in: current)
      switch nodes[next].kind {
      case .directory: break
      case .gone:
        nodes[next].kind = .directory
        nodes[next].detail = number(PathTable.implied)
        nodes[next].layer = layer
      case .link, .other: throw refuse(name, "\"\(ArchivePath.text(part))\" in its path is not a directory")
      }
      current = next
    }
    return current
  }

  /// A whiteout hides entries of lower layers, never those of its own layer.
  private mutating func hide(_ whiteout: Whiteout, in parts: ArraySlice<ArraySlice<UInt8>>) {
    var parent = 0
    for part in parts {
      guard let next = find(part, in: parent), nodes[next].kind == .directory else { return }
      parent = next
    }
    switch whiteout {
    case .bookkeeping: return
    case .opaque:
      if emptied.insert(UInt32(parent)).inserted { _ = survives(parent) }
    case .sibling(let name):
      guard let child = find(name[...], in: parent), nodes[child].kind != .gone, hidden.insert(UInt32(child)).inserted
      else { return }
      if !survives(child) { nodes[child].kind = .gone }
    }
  }

  /// Removes what lower layers put below here; false when nothing of this layer remains.
  private mutating func survives(_ place: Int) -> Bool {
    var isNeeded = nodes[place].layer == layer
    var child = nodes[place].child
    while child != PathTable.none {
      let index = Int(child)
      if nodes[index].kind != .gone {
        if survives(index) { isNeeded = true } else { nodes[index].kind = .gone }
      }
      child = nodes[index].sibling
    }
    return isNeeded
  }

  private mutating func removeChildren(of place: Int) {
    var child = nodes[place].child
    while child != PathTable.none {
      let index = Int(child)
      if nodes[index].kind != .gone {
        removeChildren(of: index)
        nodes[index].kind = .gone
      }
      child = nodes[index].sibling
    }
  }

  private func refuse(_ name: LayerName, _ reason: String) -> ArchiveError {
    ArchiveError(.unsafe, "\(archive): entry \"\(ArchivePath.text(name.path))\"", reason: reason)
  }

  private mutating func number(_ owner: Owner) -> UInt32 {
    if let known = ownerNumbers[owner] { return known }
    let number = UInt32(owners.count)
    owners.append(owner)
    ownerNumbers[owner] = number
    return number
  }

  // MARK: Looking up

  /// Looks up a name in a directory, including removed ones; nil for one that was never there.
  func find(_ name: ArraySlice<UInt8>, in parent: Int) -> Int? {
    var place = buckets[bucket(name, parent)]
    while place != PathTable.none {
      let node = nodes[Int(place)]
      if node.parent == UInt32(parent), isName(node, name) { return Int(place) }
      place = node.chain
    }
    return nil
  }

  private func isName(_ node: Node, _ name: ArraySlice<UInt8>) -> Bool {
    guard Int(node.nameLength) == name.count else { return false }
    return names[Int(node.name)..<Int(node.name) + name.count].elementsEqual(name)
  }

  /// Looks up a name in a directory, adding it as a removed one if it was never there.
  private mutating func node(_ name: ArraySlice<UInt8>, in parent: Int) throws -> Int {
    if let known = find(name, in: parent) { return known }
    guard let length = UInt16(exactly: name.count), let start = UInt32(exactly: names.count),
      let index = UInt32(exactly: nodes.count), index < PathTable.none
    else { throw ArchiveError(.overLimit, archive, reason: "its names are too many or too long") }
    if nodes.count >= buckets.count { grow() }
    names.append(contentsOf: name)
    let bucket = bucket(name, parent)
    nodes.append(
      Node(
        parent: UInt32(parent), name: start, chain: buckets[bucket], child: PathTable.none,
        sibling: nodes[parent].child, nameLength: length, layer: layer, kind: .gone))
    buckets[bucket] = index
    nodes[parent].child = index
    return Int(index)
  }

  private mutating func grow() {
    buckets = ContiguousArray(repeating: PathTable.none, count: buckets.count * 2)
    for index in nodes.indices.dropFirst() {
      let node = nodes[index]
      let start = Int(node.name)
      let bucket = bucket(names[start..<start + Int(node.nameLength)], Int(node.parent))
      nodes[index].chain = buckets[bucket]
      buckets[bucket] = UInt32(index)
    }
  }

  /// Hashed with a seed of this process, so that hostile names cannot be chosen to collide.
  private func bucket(_ name: some Collection<UInt8>, _ parent: Int) -> Int {
    var hasher = Hasher()
    hasher.combine(parent)
    let isWhole: Void? = name.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    if isWhole == nil { for byte in name { hasher.combine(byte) } }
    return hasher.finalize() & (buckets.count - 1)
  }

  func kind(of place: Int) -> Kind? {
    let node = nodes[place]
    switch node.kind {
    case .gone: return nil
    case .other: return .other
    case .directory:
      let owner = owners[Int(node.detail)]
      return .directory(mode: owner.mode, uid: owner.uid, gid: owner.gid)
    case .link:
      let start = Int(node.detail)
      let length = (0..<4).reduce(0) { $0 | Int(targets[start + $1]) << (8 * $1) }
      return .link(target: Array(targets[start + 4..<start + 4 + length]))
    }
  }

  func name(of place: Int) -> ArraySlice<UInt8> {
    let start = Int(nodes[place].name)
    return ArraySlice(names[start..<start + Int(nodes[place].nameLength)])
  }

  /// The path from the root; empty for the root itself.
  func path(of place: Int) -> [UInt8] {
    var parts: [ArraySlice<UInt8>] = []
    var current = place
    while current != 0 {
      parts.append(name(of: current))
      current = Int(nodes[current].parent)
    }
    return Array(parts.reversed().joined(separator: [UInt8(ascii: "/")]))
  }
}
