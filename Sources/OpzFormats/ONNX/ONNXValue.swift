import OpzModel

/// What a name in an ONNX graph stands for while the graph is read.
enum ONNXValue {
  /// Elements of the file.
  case constant(ONNXTensor)
  /// A value for each row.
  case rows(ONNXRows)
}

/// A value of rows: a tensor whose first dimension is the rows.
struct ONNXRows {
  /// Where the elements are.
  enum Source {
    case node(Int)
    /// Input columns, which become a node when they are used.
    case inputs([Int])
  }

  /// What it means to a caller.
  enum Role {
    case label, probability, margin, distance
  }

  var element: ONNXElement
  /// Of the elements in a row: empty for a tensor of one dimension.
  var dimensions: [Int]
  var source: Source
  var role: Role?
  /// The texts of the classes of its columns.
  var classes: [String] = []
  /// The raw scores that it was made of.
  var margin: Int?

  /// Elements per row.
  var width: Int { dimensions.reduce(1, *) }

  init(
    _ element: ONNXElement, _ dimensions: [Int], source: Source, role: Role? = nil, classes: [String] = []
  ) {
    self.element = element
    self.dimensions = dimensions
    self.source = source
    self.role = role
    self.classes = classes
  }

  /// The same value of other dimensions or at another place.
  func with(_ dimensions: [Int]? = nil, element: ONNXElement? = nil, node: Int? = nil) -> ONNXRows {
    var copy = self
    copy.dimensions = dimensions ?? copy.dimensions
    copy.element = element ?? copy.element
    if let node { copy.source = .node(node) }
    return copy
  }
}

extension ONNXElement {
  /// The type of numbers in the model graph.
  var graphType: ElementType {
    switch self {
    case .float: .float32
    case .double: .float64
    case .string: .text
    default: .integer
    }
  }
}

extension ONNXTensor {
  /// The tensor with other dimensions of the same count.
  func with(_ dimensions: [Int]) -> ONNXTensor {
    var copy = self
    copy.dimensions = dimensions
    return copy
  }
}
