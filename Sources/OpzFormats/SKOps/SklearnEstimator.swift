import OpzModel

/// A fitted classifier, regressor or detector: it turns a matrix into outputs.
protocol SklearnEstimator {
  /// The width of the matrix.
  var columns: Int { get }
  /// What the estimator itself does with its columns first.
  var preparation: Transformation { get }
  /// Whether the library rounds all inputs to float32.
  var readsFloat32: Bool { get }
  /// Adds the outputs that are computed from a matrix.
  func add(to graph: inout SklearnGraph, _ matrix: Int) throws
}

extension SklearnEstimator {
  var preparation: Transformation { .none }
  var readsFloat32: Bool { true }
}

/// The classes of a classifier.
struct SklearnClasses {
  /// The texts of each output's classes, as Python's `str` writes them.
  let outputs: [[String]]

  /// Reads `classes_`: an array, or a list of arrays where there are several outputs.
  init(_ node: SkopsNode, outputs count: Int = 1) throws {
    let classes = try node.required("classes_")
    let lists = count > 1 ? try classes.items().map { try $0.scalars() } : [try classes.scalars()]
    outputs = lists.map { $0.map(\.description) }
    guard outputs.count == count, outputs.allSatisfy({ !$0.isEmpty && $0.count <= ModelBuilder.widthLimit }) else {
      throw classes.damaged("it is empty, or not a list for each of \(count) outputs")
    }
  }

  var counts: [Int] { outputs.map(\.count) }
  /// Probabilities of a row.
  var width: Int { counts.reduce(0, +) }
  /// The classes of the only output.
  var texts: [String] { outputs[0] }
}

extension SklearnGraph {
  /// Adds the label with the greatest element of each output's columns; the first of equals (`numpy.argmax`).
  mutating func addLabel(_ scores: Int, _ classes: SklearnClasses) throws {
    var parts: [Int] = []
    var start = 0
    for texts in classes.outputs {
      let own = Array(start..<start + texts.count)
      let part = classes.outputs.count == 1 ? scores : try builder.add(.select(own), [scores])
      parts.append(try label(try builder.add(.argMax, [part]), texts))
      start += texts.count
    }
    try builder.addOutput(.label, parts.count == 1 ? parts[0] : builder.add(.concatenate, parts))
  }

  /// The texts of classes by their indexes.
  mutating func label(_ index: Int, _ texts: [String]) throws -> Int {
    let table = LookUp(
      keys: texts.indices.map { .number(Double($0)) }, values: texts.map { .text($0) }, otherwise: nil)
    return try builder.add(.lookUp(table), [index])
  }

  /// Adds the label of a binary classifier: the second class where the comparison with 0 is true.
  mutating func addLabel(_ score: Int, _ comparison: Operation.Comparison, classes: SklearnClasses) throws {
    let isSecond = try builder.add(.compare(comparison), [score, try constant(0)])
    try builder.addOutput(.label, try label(isSecond, classes.texts))
  }

  /// Says what the columns of the probabilities are.
  mutating func describe(_ classes: SklearnClasses) {
    guard classes.outputs.count > 1 else { return builder.classes = classes.texts }
    let counts = classes.counts.map { "\($0)" }.joined(separator: ", ")
    builder.notes.append("probabilities of \(classes.outputs.count) outputs side by side, of \(counts) classes")
  }

  /// Both probabilities from that of the second class.
  mutating func both(_ second: Int) throws -> Int {
    let first = try builder.add(.arithmetic(.subtract), [try constant(1), second])
    return try builder.add(.concatenate, [first, second])
  }

  /// A value divided by a number.
  mutating func divide(_ node: Int, by number: Double) throws -> Int {
    try builder.add(.arithmetic(.divide), [node, try constant(number)])
  }
}
