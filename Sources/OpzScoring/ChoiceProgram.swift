import COpzTrees
import OpzModel

/// A tree as choices between bits: from the tests of its nodes, bit by bit, to the number of the leaf that a row
/// reaches.
struct ChoiceProgram {
  /// An operand: a slot below OPZ_SLOT_TESTS, or OPZ_SLOT_TESTS and the index of the node whose test it is.
  struct Choice {
    var test: UInt32
    var left: UInt32
    var right: UInt32
    var into: UInt32
  }

  private(set) var choices: [Choice] = []
  /// The bits of the leaf's number, least first.
  private(set) var planes: [UInt32] = []

  private static let zeros = UInt32(OPZ_SLOT_ZEROS)
  private static let ones = UInt32(OPZ_SLOT_ONES)
  private static let tests = UInt32(OPZ_SLOT_TESTS)

  private static func isTemporary(_ operand: UInt32) -> Bool { operand > ones && operand < tests }

  /// - Returns: nil if there are more intermediate results than slots for them, or more choices than `limit`.
  init?(_ ensemble: TreeEnsemble, _ nodes: Range<Int>, numbers: LeafNumbers, limit: Int) {
    let bits = numbers.bits
    var free = (UInt32(OPZ_SLOT_TEMPORARY)..<ChoiceProgram.tests).reversed() as [UInt32]
    // The bits of the subtrees whose parent is to come. Nodes stand depth first, left before right: from the end,
    // a node's left child comes right before it, and its right one before that.
    var waiting: [UInt32] = []
    for index in nodes.reversed() {
      let node = ensemble.nodes[index]
      if node.isLeaf {
        let number = numbers.numbers[index - nodes.lowerBound]
        for bit in 0..<UInt32(bits) {
          waiting.append(number >> bit & 1 == 1 ? ChoiceProgram.ones : ChoiceProgram.zeros)
        }
        continue
      }
      let test = ChoiceProgram.tests + UInt32(index)
      for bit in 0..<bits {
        let left = waiting[waiting.count - bits + bit], right = waiting[waiting.count - 2 * bits + bit]
        var result = left
        if left == ChoiceProgram.zeros, right == ChoiceProgram.ones {
          result = test
        } else if left != right {
          if ChoiceProgram.isTemporary(left) { free.append(left) }
          if ChoiceProgram.isTemporary(right) { free.append(right) }
          guard let slot = free.popLast(), choices.count < limit else { return nil }
          choices.append(Choice(test: test, left: left, right: right, into: slot))
          result = slot
        }
        waiting[waiting.count - 2 * bits + bit] = result
      }
      waiting.removeLast(bits)
    }
    planes = waiting
  }
}
