import OpzModel
import OpzWire

/// The inputs of an ONNX graph as columns.
///
/// A tensor `X` of several columns becomes the columns `X_0`, `X_1` .., or those that the metadata's `feature_names`
/// lists (a JSON array of texts, one for each column of all inputs); a tensor of one column keeps its name, as
/// skl2onnx's users know it who convert a data frame.
struct ONNXInputs {
  private(set) var columns: [Model.Input] = []
  private(set) var values: [String: ONNXValue] = [:]

  init(_ document: ONNXDocument, _ nodes: [ONNXNode], name: String) throws {
    let used = Set(nodes.flatMap(\.inputs) + document.outputs.map(\.name))
    var unknown = 0
    // Up to version 3 of the file format, initializers are listed as inputs too.
    for input in document.inputs where document.initializers[input.name] == nil {
      guard let element = ONNXElement(rawValue: input.type), element != .uint64 else {
        throw ModelError(
          .unsupported, "\(name): input \(input.name.prefix(80))", reason: "a type of input that opz does not score",
          hint: "inputs are tensors of float, double, int64, string or bool")
      }
      guard !input.hasShape || (1...2).contains(input.dimensions.count) else {
        throw ModelError(
          .unsupported, "\(name): input \(input.name.prefix(80))",
          reason: "an input of \(input.dimensions.count) dimensions, which opz does not score",
          hint: "inputs are rows x columns")
      }
      guard input.dimensions.first.flatMap({ $0 }) == nil || input.dimensions.first == 1 || !used.contains(input.name)
      else {
        throw ModelError(
          .unsupported, "\(name): input \(input.name.prefix(80))", reason: "an input with a fixed number of rows",
          hint: "convert the model with an unknown first dimension")
      }
      if !input.hasShape || input.dimensions.count == 2 && input.dimensions[1] == nil { unknown += 1 }
      guard unknown <= 64 else {
        throw ModelError(.tooLarge, name, reason: "more than 64 inputs with an unknown number of columns")
      }
      let isVector = input.hasShape && input.dimensions.count == 1
      let width = try isVector ? 1 : ONNXInputs.width(input, nodes, document: document, name: name)
      guard columns.count + width <= ModelBuilder.widthLimit else {
        throw ModelError(.tooLarge, name, reason: "more than \(ModelBuilder.widthLimit) inputs")
      }
      // The name is repeated in each column's: it counts as columns by the length of a word.
      let length = width == 1 ? 1 : 1 + input.name.utf8.count / 16
      try ModelBudget(fileSize: document.size).check(columns.count + width * length, "columns", of: name)
      let kind: Model.Kind = element == .string ? .text : .number(element.graphType)
      let range = columns.count..<(columns.count + width)
      for index in 0..<width {
        columns.append(Model.Input(name: width == 1 ? input.name : "\(input.name)_\(index)", kind: kind))
      }
      values[input.name] = .rows(ONNXRows(element, isVector ? [] : [width], source: .inputs(Array(range))))
    }
    rename(document)
  }

  /// The number of columns, which the file may leave to what uses the input.
  private static func width(
    _ input: ONNXDocument.ValueInfo, _ nodes: [ONNXNode], document: ONNXDocument, name: String
  ) throws -> Int {
    if input.dimensions.count == 2, let width = input.dimensions[1] { return width }
    var names: Set<String> = [input.name]
    for node in nodes where !names.isDisjoint(with: node.inputs) {
      switch node.type {
      case "Cast", "Identity", "Dropout", "Imputer", "Normalizer", "Scaler":
        for attribute in ["imputed_value_floats", "imputed_value_int64s", "offset", "scale"] {
          let count = try max(node.floats(attribute).count, node.ints(attribute).count)
          if count > 1 { return count }
        }
        names.formUnion(node.outputs)
      case "TreeEnsembleRegressor", "TreeEnsembleClassifier", "TreeEnsemble":
        guard let message = node.attributes["nodes_featureids"] else { break }
        var numbers = WireNumbers(message, field: 8)
        var greatest: Int64 = 0
        while let feature = try numbers.nextInteger() { greatest = max(greatest, feature) }
        return Int(clamping: min(greatest, Int64(ModelBuilder.widthLimit)) + 1)
      case "LinearClassifier", "LinearRegressor":
        let rows = try max(1, node.int("targets") ?? node.floats("intercepts").count)
        return try max(1, node.floats("coefficients").count / rows)
      default: break
      }
    }
    throw ModelError(
      .unsupported, "\(name): input \(input.name.prefix(80))", reason: "an input with an unknown number of columns",
      hint: "convert the model with the number of columns, as in FloatTensorType([None, 4])")
  }

  /// Uses the metadata's names where they are as many as the columns.
  private mutating func rename(_ document: ONNXDocument) {
    guard let names = document.metadata["feature_names"].flatMap({ ONNXMetadata.names($0) }),
      names.count == columns.count, Set(names).count == names.count
    else { return }
    columns = zip(columns, names).map { Model.Input(name: $1, kind: $0.kind) }
  }
}
