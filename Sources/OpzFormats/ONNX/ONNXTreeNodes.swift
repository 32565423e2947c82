import OpzModel
import OpzWire

/// A node of a tree as TreeEnsembleRegressor and TreeEnsembleClassifier store it: a column of each attribute.
struct ONNXTreeNode {
  /// How a node tests its input; the raw values are those of TreeEnsemble-5's `nodes_modes`.
  enum Mode: UInt8 {
    case lessOrEqual, less, greaterOrEqual, greater, equal, notEqual, member, leaf

    init?(text: ArraySlice<UInt8>) {
      switch String(decoding: text, as: UTF8.self) {
      case "BRANCH_LEQ": self = .lessOrEqual
      case "BRANCH_LT": self = .less
      case "BRANCH_GTE": self = .greaterOrEqual
      case "BRANCH_GT": self = .greater
      case "BRANCH_EQ": self = .equal
      case "BRANCH_NEQ": self = .notEqual
      case "LEAF": self = .leaf
      default: return nil
      }
    }
  }

  var id: Int64
  var feature: Int64
  var mode: Mode
  var value: Double
  var whenTrue: Int64
  var whenFalse: Int64
  /// Whether a missing input goes where the test is true.
  var tracksTrue: Bool
}

/// What a leaf adds to one output.
struct ONNXLeafWeight {
  var node: Int64
  var target: Int
  var value: Double
}

/// The numbers of an attribute, `floats` or a tensor of doubles (`.._as_tensor`), one after the other.
struct ONNXNumberList {
  private var floats: WireNumbers?
  private var tensor: [Double] = []
  private var position = 0
  let isTensor: Bool

  init(_ node: ONNXNode, _ name: String) throws {
    isTensor = node.has("\(name)_as_tensor")
    if isTensor {
      tensor = try node.tensor("\(name)_as_tensor")?.numbers ?? []
    } else {
      floats = node.attributes[name].map { WireNumbers($0, field: 7) }
    }
  }

  mutating func next() throws -> Double? {
    guard isTensor else { return try floats?.nextFloat().map { Double($0) } }
    guard position < tensor.count else { return nil }
    position += 1
    return tensor[position - 1]
  }
}

/// Reads the node attributes of an ensemble side by side, one tree at a time: nothing but the current tree is held in
/// memory.
struct ONNXTreeNodes {
  private let bytes: [UInt8]
  private var trees: WireNumbers
  private var ids: WireNumbers
  private var features: WireNumbers
  private var modes: WireNumbers
  private var values: ONNXNumberList
  private var whenTrue: WireNumbers
  private var whenFalse: WireNumbers
  private var tracks: WireNumbers?
  private var nextId: Int64?
  private let node: ONNXNode

  /// The tree that was read last.
  private(set) var tree: Int64 = 0
  private(set) var nodes: [ONNXTreeNode] = []

  init(_ node: ONNXNode) throws {
    func list(_ name: String, field: Int) throws -> WireNumbers {
      guard let message = node.attributes[name] else {
        throw WireFailure(at: 0, "\(node.label) has no attribute \(name)")
      }
      return WireNumbers(message, field: field)
    }
    bytes = node.attributes["nodes_treeids"]?.bytes ?? []
    trees = try list("nodes_treeids", field: 8)
    ids = try list("nodes_nodeids", field: 8)
    features = try list("nodes_featureids", field: 8)
    modes = try list("nodes_modes", field: 9)
    values = try ONNXNumberList(node, "nodes_values")
    whenTrue = try list("nodes_truenodeids", field: 8)
    whenFalse = try list("nodes_falsenodeids", field: 8)
    tracks = node.attributes["nodes_missing_value_tracks_true"].map { WireNumbers($0, field: 8) }
    self.node = node
    nextId = try trees.nextInteger()
  }

  /// Reads the next tree into `tree` and `nodes`; false after the last one.
  mutating func advance() throws -> Bool {
    guard let id = nextId else { return false }
    tree = id
    nodes.removeAll(keepingCapacity: true)
    repeat {
      guard let own = try ids.nextInteger(), let feature = try features.nextInteger(),
        let text = try modes.nextRange(), let value = try values.next(), let yes = try whenTrue.nextInteger(),
        let no = try whenFalse.nextInteger()
      else { throw WireFailure(at: 0, "\(node.label): its lists of tree nodes have different lengths") }
      guard let mode = ONNXTreeNode.Mode(text: bytes[text]) else {
        throw WireFailure(at: text.lowerBound, "\(node.label): a mode of a tree node that does not exist")
      }
      nodes.append(
        ONNXTreeNode(
          id: own, feature: feature, mode: mode, value: value, whenTrue: yes, whenFalse: no,
          tracksTrue: try tracks?.nextInteger() == 1))
      nextId = try trees.nextInteger()
    } while nextId == id
    return true
  }
}

/// Reads the weights of leaves, `target_..` or `class_..`, one tree at a time.
struct ONNXLeafWeights {
  private var trees: WireNumbers?
  private var nodes: WireNumbers?
  private var targets: WireNumbers?
  private var values: ONNXNumberList
  private var next: (tree: Int64, weight: ONNXLeafWeight)?
  private let node: ONNXNode
  /// The weights of each tree where the file has them in another order than the trees.
  private var sorted: [Int64: [ONNXLeafWeight]]?

  /// - Parameter prefix: `target` or `class`.
  init(_ node: ONNXNode, _ prefix: String) throws {
    func list(_ name: String) -> WireNumbers? {
      node.attributes["\(prefix)_\(name)"].map { WireNumbers($0, field: 8) }
    }
    self.node = node
    (trees, nodes, targets) = (list("treeids"), list("nodeids"), list("ids"))
    values = try ONNXNumberList(node, "\(prefix)_weights")
    try advance()
  }

  private mutating func advance() throws {
    guard let tree = try trees?.nextInteger() else {
      next = nil
      return
    }
    guard let id = try nodes?.nextInteger(), let target = try targets?.nextInteger(), let value = try values.next()
    else { throw WireFailure(at: 0, "\(node.label): its lists of weights have different lengths") }
    guard let index = Int(exactly: target) else { throw WireFailure(at: 0, "\(node.label): output \(target)") }
    next = (tree, ONNXLeafWeight(node: id, target: index, value: value))
  }

  /// The weights of a tree. Trees have to be asked for in the order of their nodes.
  mutating func take(_ tree: Int64, into weights: inout [ONNXLeafWeight]) throws {
    weights.removeAll(keepingCapacity: true)
    if sorted != nil {
      weights = sorted?.removeValue(forKey: tree) ?? []
      return
    }
    while let current = next, current.tree == tree {
      weights.append(current.weight)
      try advance()
    }
  }

  /// Whether all weights were taken.
  var isAtEnd: Bool { next == nil && sorted?.isEmpty != false }

  /// Reads all weights into memory, since they are not in the order of the trees.
  mutating func sort() throws {
    var all: [Int64: [ONNXLeafWeight]] = [:]
    while let current = next {
      all[current.tree, default: []].append(current.weight)
      try advance()
    }
    sorted = all
  }
}
