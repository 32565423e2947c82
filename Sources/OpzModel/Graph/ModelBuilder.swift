/// Builds a model node by node and checks every node: operands exist, types and widths fit. Readers use nothing else,
/// so that whatever a damaged file says, a model that exists can be scored without a trap.
public struct ModelBuilder {
  /// The maximum number of columns of a value, so that a small file cannot ask for unbounded memory.
  public static let widthLimit = 1 << 20

  /// The model's file, for errors.
  public let name: String
  public let inputs: [Model.Input]
  private var nodes: [Model.Node] = []
  private var outputs: [Model.Output] = []
  /// See `Model`.
  public var objective = ""
  public var classes: [String] = []
  public var notes: [String] = []

  /// Begins a model.
  /// - Throws: `ModelError.damaged` for names that are empty or that two inputs have.
  public init(name: String, inputs: [Model.Input]) throws {
    self.name = name
    self.inputs = inputs
    guard inputs.count <= ModelBuilder.widthLimit else { throw damaged("it has \(inputs.count) inputs") }
    var known: Set<String> = []
    for input in inputs where !known.insert(input.name).inserted {
      throw damaged("two inputs have the name \(input.name.prefix(80))")
    }
  }

  /// The type of a node's value.
  /// - Throws: `ModelError.damaged` if there is no such node.
  public func type(_ node: Int) throws -> ValueType {
    guard nodes.indices.contains(node) else { throw damaged("node \(node) does not exist") }
    return nodes[node].type
  }

  /// Adds a node and returns its index.
  /// - Parameters:
  ///   - operands: indexes of earlier nodes.
  ///   - element: the type of a constant, a cast's result, or a look-up's numbers; float64 for inputs that are all codes of
  ///     categories and are not to be rounded to float32; other operations have their operands'.
  /// - Throws: `ModelError.damaged` where operands and operation do not fit.
  public mutating func add(
    _ operation: Operation, _ operands: [Int] = [], as element: ElementType? = nil
  ) throws -> Int {
    let types = try operands.map { try type($0) }
    let result = try TypeRules(builder: self, operation: operation, operands: types, element: element).result()
    guard result.width > 0, result.width <= ModelBuilder.widthLimit else {
      throw damaged("\(operation.name) gives \(result.width) columns")
    }
    nodes.append(Model.Node(operation: operation, operands: operands, type: result))
    return nodes.count - 1
  }

  /// Makes a node's value an output. The first is the default one.
  public mutating func addOutput(_ kind: Model.OutputKind, _ node: Int) throws {
    _ = try type(node)
    guard !outputs.contains(where: { $0.kind == kind }) else { throw damaged("two outputs are the \(kind.rawValue)") }
    outputs.append(Model.Output(kind: kind, node: node))
  }

  /// Ends the model.
  /// - Throws: `ModelError.damaged` without outputs, or where the classes are not as many as the probabilities.
  public consuming func finish() throws -> Model {
    guard !outputs.isEmpty else { throw damaged("it has no output") }
    if !classes.isEmpty, let output = outputs.first(where: { $0.kind == .probability }) {
      let width = nodes[output.node].type.width
      guard width == classes.count || width == 1 && classes.count == 2 else {
        throw damaged("\(classes.count) classes for \(width) probabilities")
      }
    }
    return Model(
      inputs: inputs, nodes: nodes, outputs: outputs, objective: objective, classes: classes, notes: notes)
  }

  func damaged(_ reason: String) -> ModelError {
    ModelError(.damaged, name, reason: reason, hint: "save the model again")
  }
}
