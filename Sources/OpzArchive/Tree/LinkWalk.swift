public import SystemPackage

extension FileTree {
  /// Resolves a path, following links as in a container whose root is this tree.
  /// - Returns: the path without links, which need not exist; nil for a loop of links.
  public func resolve(_ path: FilePath) -> FilePath? {
    LinkWalk(self).follow(path.bytes, from: [])?.path
  }

  /// Whether a link's target leads out of the tree when followed on a disk, where `/` is not the tree's root.
  func leaves(_ target: [UInt8], from link: FilePath) -> Bool {
    let parent = ArchivePath.components(link.bytes).dropLast().map { Array($0) }
    return LinkWalk(self).follow(target, from: parent)?.leaves ?? false
  }
}

/// Follows links inside a tree component by component, as the kernel does. `a -> .` and `b -> a/..` together lead
/// out, though neither does alone.
private struct LinkWalk {
  private static let linkLimit = 40
  private static let stepLimit = 10_000
  private let tree: FileTree

  init(_ tree: FileTree) { self.tree = tree }

  func follow(_ target: [UInt8], from start: [[UInt8]]) -> (path: FilePath, leaves: Bool)? {
    var current = start
    var leaves = false
    var links = 0
    var steps = 0
    var pending: [[UInt8]] = []

    func push(_ path: [UInt8]) {
      if path.first == UInt8(ascii: "/") {
        current = []
        leaves = true
      }
      pending += ArchivePath.components(path).reversed().map { Array($0) }
    }

    push(target)
    while let part = pending.popLast() {
      steps += 1
      guard steps <= LinkWalk.stepLimit else { return nil }
      if part.isEmpty || part == Array(".".utf8) { continue }
      if part == Array("..".utf8) {
        if current.popLast() == nil { leaves = true }
        continue
      }
      current.append(part)
      guard case .symlink(let next)? = tree.nodes[FilePath(components: current)]?.kind else { continue }
      links += 1
      guard links <= LinkWalk.linkLimit else { return nil }
      current.removeLast()
      push(next)
    }
    return (FilePath(components: current), leaves)
  }
}
