/// A model that was read and checked, in one representation for all formats: inputs, nodes in topological order, and
/// outputs. Consumers look at nothing else, and never at the format.
///
/// Only `ModelBuilder` makes one, so that the indexes, widths and types in a model are right.
public struct Model: Sendable {
  /// An input column.
  public struct Input: Sendable, Hashable {
    public let name: String
    public let kind: Kind

    /// Creates an input.
    public init(name: String, kind: Kind) {
      self.name = name
      self.kind = kind
    }
  }

  /// What an input column holds.
  public enum Kind: Sendable, Hashable {
    /// A number, rounded to this type; NaN is missing.
    case number(ElementType)
    /// One of these texts, which enters the graph as its index; a code from 0 if the list is empty because the file has
    /// no texts. NaN is missing.
    case categorical([String], unseen: Unseen)
    /// Any text, or a missing one.
    case text
  }

  /// What becomes of a text that is not in an input's list, unless the caller decides (`--unseen`).
  public enum Unseen: Sendable, Hashable {
    /// The row is refused.
    case refused
    /// It is missing (LightGBM, pandas).
    case missing
    /// It enters as -1, which is no category (one-hot encoding with `handle_unknown`).
    case code
  }

  /// A node; its value is the value with the node's index.
  public struct Node: Sendable {
    public let operation: Operation
    /// Indexes of earlier nodes.
    public let operands: [Int]
    public let type: ValueType
  }

  /// What an output says.
  public enum OutputKind: String, Sendable, Hashable, CaseIterable {
    case prediction, probability, label, margin, distance
  }

  /// An output: the value of a node.
  public struct Output: Sendable, Hashable {
    public let kind: OutputKind
    public let node: Int
  }

  public let inputs: [Input]
  public let nodes: [Node]
  /// The default output first.
  public let outputs: [Output]
  /// What the training library calls the objective or estimator: `binary:logistic`, `RandomForestClassifier`.
  public let objective: String
  /// The texts of the classes, in the order of the probabilities' columns; empty where there are none.
  public let classes: [String]
  /// What a reader says about the file that a user should know: which trees are used, a version that was not tried.
  public let notes: [String]

  init(
    inputs: [Input], nodes: [Node], outputs: [Output], objective: String, classes: [String], notes: [String]
  ) {
    self.inputs = inputs
    self.nodes = nodes
    self.outputs = outputs
    self.objective = objective
    self.classes = classes
    self.notes = notes
  }

  /// The inputs and outputs: the contract with callers.
  public var signature: Signature {
    Signature(
      inputs: inputs.map { input in
        switch input.kind {
        case .number: Signature.Feature(name: input.name, kind: .numeric)
        case .categorical(let texts, _): Signature.Feature(name: input.name, kind: .categorical(texts))
        case .text: Signature.Feature(name: input.name, kind: .text)
        }
      },
      outputs: outputs.map { Signature.Output(name: $0.kind.rawValue, columns: nodes[$0.node].type.width) })
  }

  /// The same model with a rule for the categories that it does not have; with `library` nothing changes.
  public func taking(unseen rule: RowEncoder.UnseenRule) -> Model {
    guard rule != .library else { return self }
    let unseen: Unseen = rule == .missing ? .missing : .refused
    let inputs = inputs.map { input in
      guard case .categorical(let texts, _) = input.kind else { return input }
      return Input(name: input.name, kind: .categorical(texts, unseen: unseen))
    }
    return Model(
      inputs: inputs, nodes: nodes, outputs: outputs, objective: objective, classes: classes, notes: notes)
  }

  /// The output of a kind; nil if the model has none.
  public func output(_ kind: OutputKind) -> Output? { outputs.first { $0.kind == kind } }

  /// The indexes of the inputs that some node reads; others may have anything.
  public var usedInputs: Set<Int> {
    nodes.reduce(into: []) { used, node in
      if case .inputs(let indexes) = node.operation { used.formUnion(indexes) }
    }
  }

  /// All tree ensembles, in the order of the nodes.
  public var ensembles: [TreeEnsemble] {
    nodes.compactMap { if case .trees(let ensemble) = $0.operation { ensemble } else { nil } }
  }

  /// How many trees there are.
  public var treeCount: Int { ensembles.reduce(0) { $0 + $1.trees.count } }
}
