import COpzTrees
import OpzModel

/// Numbers the leaves of a tree so that few choices are needed to find a row's number bit by bit: each subtree has a
/// range of numbers, and the smaller one of two begins at a multiple of a power of two where that does not take more
/// than one bit.
struct LeafNumbers {
  /// By node, relative to the tree's root; the number of a leaf.
  private(set) var numbers: [UInt32]
  /// The numbers are below this.
  private(set) var limit: UInt32
  /// Bits of a number.
  var bits: Int { LeafNumbers.bits(limit) }
  private(set) var leaves = 0
  /// The length of the longest path, and the sum over all leaves.
  private(set) var depth = 0
  private(set) var pathLengths = 0

  /// Trees with more leaves are numbered without gaps.
  private static let alignedLeaves = 1 << 12

  /// - Parameter nodes: the nodes of a tree, the root first, parents before their children.
  init(_ ensemble: TreeEnsemble, _ nodes: Range<Int>) {
    numbers = [UInt32](repeating: 0, count: nodes.count)
    limit = 0
    var depths = [Int32](repeating: 0, count: nodes.count)
    for index in nodes {
      let node = ensemble.nodes[index]
      let own = depths[index - nodes.lowerBound]
      if node.isLeaf {
        leaves += 1
        depth = max(depth, Int(own))
        pathLengths += Int(own)
      } else {
        depths[Int(node.left) - nodes.lowerBound] = own + 1
        depths[Int(node.right) - nodes.lowerBound] = own + 1
      }
    }
    if leaves <= LeafNumbers.alignedLeaves { limit = assign(ensemble, nodes, aligned: true) }
    if limit == 0 || bits > LeafNumbers.bits(UInt32(leaves)) + 1 {
      limit = assign(ensemble, nodes, aligned: false)
    }
  }

  private static func bits(_ limit: UInt32) -> Int { limit <= 1 ? 0 : 32 - (limit - 1).leadingZeroBitCount }

  /// Returns the size of the root's range.
  private mutating func assign(_ ensemble: TreeEnsemble, _ nodes: Range<Int>, aligned: Bool) -> UInt32 {
    var sizes = [UInt32](repeating: 1, count: nodes.count)
    for index in nodes.reversed() {
      let node = ensemble.nodes[index]
      guard !node.isLeaf else { continue }
      let left = sizes[Int(node.left) - nodes.lowerBound], right = sizes[Int(node.right) - nodes.lowerBound]
      sizes[index - nodes.lowerBound] = LeafNumbers.second(left, right, aligned: aligned) + min(left, right)
    }
    numbers[0] = 0
    for index in nodes {
      let node = ensemble.nodes[index]
      guard !node.isLeaf else { continue }
      let own = numbers[index - nodes.lowerBound]
      let left = Int(node.left) - nodes.lowerBound, right = Int(node.right) - nodes.lowerBound
      let second = own &+ LeafNumbers.second(sizes[left], sizes[right], aligned: aligned)
      numbers[left] = sizes[left] >= sizes[right] ? own : second
      numbers[right] = sizes[left] >= sizes[right] ? second : own
    }
    return sizes[0]
  }

  /// Where the smaller of two ranges begins behind the larger one.
  private static func second(_ left: UInt32, _ right: UInt32, aligned: Bool) -> UInt32 {
    let larger = max(left, right)
    guard aligned else { return larger }
    let unit = UInt32(1) << UInt32(LeafNumbers.bits(min(left, right)))
    return (larger + unit - 1) / unit * unit
  }
}
