public import SystemPackage

extension PathTable {
  /// What is at a path, without following links; nil when nothing is there.
  public subscript(_ path: FilePath) -> Kind? {
    var current = 0
    for part in path.bytes.split(separator: UInt8(ascii: "/")) {
      guard let next = find(part, in: current), nodes[next].kind != .gone else { return nil }
      current = next
    }
    return kind(of: current)
  }

  /// The number of names, without the root.
  public var count: Int { nodes.count { $0.kind != .gone } - 1 }

  /// All paths, sorted by their bytes. Allocates all of them at once.
  public var paths: [FilePath] {
    let all = nodes.indices.dropFirst().filter { nodes[$0].kind != .gone }.map { path(of: $0) }
    return all.sorted { $0.lexicographicallyPrecedes($1) }.map { FilePath(bytes: $0) }
  }

  /// The paths whose last component passes `test`, sorted by their bytes.
  public func paths(named test: (ArraySlice<UInt8>) -> Bool) -> [FilePath] {
    let found = nodes.indices.dropFirst().filter { nodes[$0].kind != .gone && test(name(of: $0)) }.map { path(of: $0) }
    return found.sorted { $0.lexicographicallyPrecedes($1) }.map { FilePath(bytes: $0) }
  }

  /// The paths right in a directory whose last component passes `test`, sorted by their bytes.
  public func paths(named test: (ArraySlice<UInt8>) -> Bool, in directory: FilePath) -> [FilePath] {
    guard case .path(let place) = resolve(directory) else { return [] }
    var current = 0
    for part in place.bytes.split(separator: UInt8(ascii: "/")) {
      guard let next = find(part, in: current), nodes[next].kind != .gone else { return [] }
      current = next
    }
    var found: [[UInt8]] = []
    var child = nodes[current].child
    while child != PathTable.none {
      let index = Int(child)
      if nodes[index].kind != .gone, test(name(of: index)) { found.append(path(of: index)) }
      child = nodes[index].sibling
    }
    return found.sorted { $0.lexicographicallyPrecedes($1) }.map { FilePath(bytes: $0) }
  }

  /// Everything at and below a path, one line per name, sorted; equal trees give equal listings.
  public func listing(below path: FilePath) -> [String] {
    var current = 0
    for part in path.bytes.split(separator: UInt8(ascii: "/")) {
      guard let next = find(part, in: current), nodes[next].kind != .gone else { return [] }
      current = next
    }
    var found: [String] = []
    var waiting = [current]
    while let next = waiting.popLast() {
      if let kind = kind(of: next) { found.append("\(ArchivePath.hex(self.path(of: next))) \(kind)") }
      var child = nodes[next].child
      while child != PathTable.none {
        if nodes[Int(child)].kind != .gone { waiting.append(Int(child)) }
        child = nodes[Int(child)].sibling
      }
    }
    return found.sorted()
  }
}

extension PathTable {
  /// Where a path leads when links are followed as in a container whose root is this table; going above the root ends
  /// at the root.
  public enum Resolution: Sendable, Hashable {
    /// The path without links, which need not exist.
    case path(FilePath)
    /// The links form a loop, or there are more than 40.
    case loop
    /// The file here is neither a directory nor a link, but the path continues below it.
    case blocked(FilePath)
  }

  private static let linkLimit = 40
  private static let stepLimit = 10_000

  /// Follows the links in a path.
  public func resolve(_ path: FilePath) -> Resolution {
    var current: [(name: [UInt8], place: Int?)] = []
    var (links, steps) = (0, 0)
    var pending: [[UInt8]] = []

    func push(_ path: [UInt8]) {
      if path.first == UInt8(ascii: "/") { current = [] }
      pending += path.split(separator: UInt8(ascii: "/")).reversed().map { Array($0) }
    }
    func text() -> FilePath { FilePath(components: current.map(\.name)) }

    push(path.bytes)
    while let part = pending.popLast() {
      steps += 1
      guard steps <= PathTable.stepLimit else { return .loop }
      if part == [UInt8(ascii: ".")] { continue }
      if part == [UInt8(ascii: "."), UInt8(ascii: ".")] {
        _ = current.popLast()
        continue
      }
      let parent = current.isEmpty ? 0 : current[current.count - 1].place
      let place = parent.flatMap { find(part[...], in: $0) }.flatMap { nodes[$0].kind == .gone ? nil : $0 }
      guard let place, let kind = kind(of: place) else {
        current.append((part, nil))
        continue
      }
      switch kind {
      case .directory: current.append((part, place))
      case .other:
        current.append((part, place))
        if !pending.isEmpty { return .blocked(text()) }
      case .link(let target):
        links += 1
        guard links <= PathTable.linkLimit else { return .loop }
        push(target)
      }
    }
    return .path(text())
  }
}
