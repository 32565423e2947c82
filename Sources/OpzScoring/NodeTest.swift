import COpzTrees
import OpzModel

/// The type that a compiled program compares values in.
enum Comparison {
  case float32, float64

  /// The least value of the type that is at least `number`; NaN, which no value reaches, stays NaN.
  func roundedUp(_ number: Double) -> Double {
    guard self == .float32 else { return number }
    let nearest = Float(number)
    return Double(Double(nearest) < number ? nearest.nextUp : nearest)
  }

  /// The least value above `number`, or NaN if there is none.
  func above(_ number: Double) -> Double {
    guard number < .infinity else { return .nan }
    guard self == .float32 else { return number.nextUp }
    let nearest = Float(number)
    return Double(Double(nearest) > number ? nearest : nearest.nextUp)
  }
}

/// What a node asks, in a form that is equal for equal questions, and sorted by column: numbers first, then categories.
struct NodeTest: Hashable, Comparable {
  enum Question: UInt64 {
    /// Right if the value is at least the cut.
    case atLeast
    /// Right if the value is not the threshold.
    case unequal
    /// Right if the category is not in the set.
    case member
  }

  /// What is read of a row: a column as a number, or as a category with what counts as missing.
  struct Subject: Hashable {
    fileprivate let head: UInt64

    var isCategory: Bool { head >> 48 == 1 }
    var column: UInt32 { UInt32(truncatingIfNeeded: head >> 8) }
    /// One of OPZ_MISSING_..., of a category.
    var missing: UInt8 { UInt8(head >> 4 & 3) }
  }

  private let head: UInt64
  private let tail: UInt64

  var question: Question { head >> 48 == 1 ? .member : Question(rawValue: head & 1) ?? .atLeast }
  var subject: Subject { Subject(head: head & (head >> 48 == 1 ? ~0xf : ~0xff)) }
  var column: UInt32 { subject.column }
  /// One of OPZ_MISSING_...
  var missing: UInt8 { UInt8(head >> 4 & 3) }
  var missingGoesLeft: Bool { head >> 1 & 1 == 1 }
  /// The number of the set.
  var set: Int { Int(tail) }
  /// The cut, or the threshold to be unequal to.
  var number: Double {
    if tail == .max { return .nan }
    return Double(bitPattern: tail >> 63 == 1 ? tail & (.max >> 1) : ~tail)
  }

  /// What stands in the place of a leaf's test.
  static let none = NodeTest(head: 0, tail: 0)

  private init(head: UInt64, tail: UInt64) {
    self.head = head
    self.tail = tail
  }

  /// - Parameter sets: the numbers of the ensemble's sets, equal for equal sets.
  init(_ node: TreeEnsemble.Node, _ comparison: Comparison, sets: [Int]) {
    let missing =
      switch node.missing {
      case .nan: UInt64(OPZ_MISSING_NAN)
      case .nanOrZero: UInt64(OPZ_MISSING_ZERO)
      case .none: UInt64(OPZ_MISSING_NONE)
      }
    let goesLeft = node.missingGoesLeft && node.missing != .none
    let question: Question
    switch node.test {
    case .less: (question, tail) = (.atLeast, NodeTest.ordered(comparison.roundedUp(node.threshold)))
    case .lessOrEqual: (question, tail) = (.atLeast, NodeTest.ordered(comparison.above(node.threshold)))
    case .equal: (question, tail) = (.unequal, NodeTest.ordered(node.threshold))
    case .member: (question, tail) = (.member, UInt64(sets[Int(node.threshold)]))
    }
    head =
      (question == .member ? 1 << 48 : question.rawValue) | UInt64(UInt32(bitPattern: node.column)) << 8
      | missing << 4 | (goesLeft ? 2 : 0)
  }

  /// Bits in the order of the numbers, both zeros alike, NaN last.
  private static func ordered(_ number: Double) -> UInt64 {
    if number.isNaN { return .max }
    let bits = number == 0 ? 0 : number.bitPattern
    return bits >> 63 == 1 ? ~bits : bits | 1 << 63
  }

  static func < (left: NodeTest, right: NodeTest) -> Bool {
    left.head != right.head ? left.head < right.head : left.tail < right.tail
  }
}
