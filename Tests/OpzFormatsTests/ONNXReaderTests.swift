import OpzFormats
import OpzIO
import OpzModel
import OpzTestKit
import OpzWire
import Testing

/// Small ONNX files, written field by field.
struct HandMadeONNX {
  /// An attribute: numbers, texts or one number.
  enum Attribute {
    case ints([Int64]), floats([Float]), texts([String]), int(Int64), text(String)
  }

  /// A node with its domain and attributes.
  static func node(
    _ type: String, domain: String = "", inputs: [String], outputs: [String], _ attributes: [(String, Attribute)] = []
  ) -> WireWriter {
    var node = WireWriter()
    for input in inputs { node.put(1, string: input) }
    for output in outputs { node.put(2, string: output) }
    node.put(3, string: "my_\(type)")
    node.put(4, string: type)
    for (name, value) in attributes {
      var attribute = WireWriter()
      attribute.put(1, string: name)
      switch value {
      case .ints(let values): for value in values { attribute.put(8, int64: value) }
      case .floats(let values): for value in values { attribute.put(7, float: value) }
      case .texts(let values): for value in values { attribute.put(9, string: value) }
      case .int(let value): attribute.put(3, int64: value)
      case .text(let value): attribute.put(4, string: value)
      }
      node.put(5, message: attribute)
    }
    if !domain.isEmpty { node.put(7, string: domain) }
    return node
  }

  /// A model of float inputs.
  static func model(
    _ nodes: [WireWriter], inputs: [(String, Int64)] = [("X", 2)], outputs: [String] = ["Y"], opset: Int64 = 18,
    machineLearning: Int64? = 3, tensors: [WireWriter] = [], inputType: Int64 = 1
  ) -> [UInt8] {
    var graph = WireWriter()
    for node in nodes { graph.put(1, message: node) }
    for tensor in tensors { graph.put(5, message: tensor) }
    for (name, width) in inputs { graph.put(11, message: info(name, [0, width], type: inputType)) }
    for name in outputs { graph.put(12, message: info(name, [0, 0], type: 1)) }
    var model = WireWriter()
    model.put(1, int64: 8)
    model.put(7, message: graph)
    for (domain, version) in [("", opset)] + (machineLearning.map { [("ai.onnx.ml", $0)] } ?? []) {
      var set = WireWriter()
      if !domain.isEmpty { set.put(1, string: domain) }
      set.put(2, int64: version)
      model.put(8, message: set)
    }
    return model.bytes
  }

  private static func info(_ name: String, _ dimensions: [Int64], type: Int64) -> WireWriter {
    var shape = WireWriter()
    for size in dimensions {
      var dimension = WireWriter()
      if size > 0 { dimension.put(1, int64: size) } else { dimension.put(2, string: "N") }
      shape.put(1, message: dimension)
    }
    var tensor = WireWriter()
    tensor.put(1, int64: type)
    tensor.put(2, message: shape)
    var kind = WireWriter()
    kind.put(1, message: tensor)
    var info = WireWriter()
    info.put(1, string: name)
    info.put(2, message: kind)
    return info
  }

  /// Two trees of three nodes; parts of the attributes can be replaced.
  static func trees(_ changes: [String: Attribute] = [:], _ type: String = "TreeEnsembleRegressor") -> WireWriter {
    var attributes: [(String, Attribute)] = [
      ("n_targets", .int(1)), ("nodes_treeids", .ints([0, 0, 0, 1, 1, 1])),
      ("nodes_nodeids", .ints([0, 1, 2, 0, 1, 2])), ("nodes_featureids", .ints([0, 0, 0, 1, 0, 0])),
      ("nodes_modes", .texts(["BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_LT", "LEAF", "LEAF"])),
      ("nodes_values", .floats([0.5, 0, 0, 2, 0, 0])), ("nodes_truenodeids", .ints([1, 0, 0, 1, 0, 0])),
      ("nodes_falsenodeids", .ints([2, 0, 0, 2, 0, 0])), ("target_treeids", .ints([0, 0, 1, 1])),
      ("target_nodeids", .ints([1, 2, 1, 2])), ("target_ids", .ints([0, 0, 0, 0])),
      ("target_weights", .floats([1, 2, 0.25, -0.25])),
    ]
    for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
      attributes.removeAll { $0.0 == name }
      attributes.append((name, value))
    }
    return node(type, domain: "ai.onnx.ml", inputs: ["X"], outputs: ["Y"], attributes)
  }

  static func read(_ bytes: [UInt8]) throws -> Model { try ModelFormats.standard.read(bytes, name: "model.onnx").model }
}

@Suite("ONNX files")
struct ONNXReaderTests {
  @Test("trees are scored, and inputs become columns")
  func trees() throws {
    let model = try HandMadeONNX.read(HandMadeONNX.model([HandMadeONNX.trees()]))
    #expect(model.inputs.map(\.name) == ["X_0", "X_1"] && model.treeCount == 2)
    #expect(model.objective == "TreeEnsembleRegressor" && model.outputs.map(\.kind) == [.prediction])
    let scorer = Scorer(model)
    #expect(scorer.predictions([0.5, 1.9, 0.6, 2, .nan, .nan], rows: 3) == [1.25, 1.75, 1.75])
    #expect(try scorer.leaves(Rows([0.5, 1.9, 0.6, 2], count: 2)) == [1, 1, 2, 2])
  }

  @Test("weights may be in any order")
  func unsorted() throws {
    let trees = HandMadeONNX.trees([
      "target_treeids": .ints([1, 0, 1, 0]), "target_nodeids": .ints([2, 2, 1, 1]),
      "target_weights": .floats([-0.25, 2, 0.25, 1]),
    ])
    let scorer = Scorer(try HandMadeONNX.read(HandMadeONNX.model([trees])))
    #expect(scorer.predictions([0.5, 1.9, 0.6, 2], rows: 2) == [1.25, 1.75])
  }

  @Test("columns are named by the metadata, and a tensor of one column keeps its name")
  func names() throws {
    var entry = WireWriter()
    entry.put(1, string: "feature_names")
    entry.put(2, string: "[\"age\", \"income\"]")
    var more = WireWriter()
    more.put(14, message: entry)
    let bytes = HandMadeONNX.model([HandMadeONNX.trees()])
    #expect(try HandMadeONNX.read(bytes + more.bytes).inputs.map(\.name) == ["age", "income"])
    let join = HandMadeONNX.node("Concat", inputs: ["a", "b"], outputs: ["X"], [("axis", .int(1))])
    let apart = HandMadeONNX.model([join, HandMadeONNX.trees()], inputs: [("b", 1), ("a", 1)])
    let model = try HandMadeONNX.read(apart)
    #expect(model.inputs.map(\.name) == ["b", "a"])
    #expect(Scorer(model).predictions([1.9, 0.5, 2, 0.6], rows: 2) == [1.25, 1.75])
  }

  @Test("operators that are not read are named, with their node and all others")
  func operators() throws {
    let nodes = [
      HandMadeONNX.node("LSTM", inputs: ["X"], outputs: ["A"]),
      HandMadeONNX.node("Identity", inputs: ["A"], outputs: ["B"]),
      HandMadeONNX.node("SVMRegressor", domain: "ai.onnx.ml", inputs: ["B"], outputs: ["Y"]),
      HandMadeONNX.node("Loop", inputs: ["X"], outputs: ["unused"]),
    ]
    let error = #expect(throws: ModelError.self) { try HandMadeONNX.read(HandMadeONNX.model(nodes)) }
    #expect(error?.subject == "model.onnx: node my_LSTM (LSTM)")
    #expect(error?.reason.hasSuffix("the model needs LSTM, ai.onnx.ml.SVMRegressor") == true && error?.hint != nil)
  }

  @Test(
    "a damaged or unsupported file is refused, and the error says where and why",
    arguments: [
      (HandMadeONNX.model([]), "no output"),
      (
        HandMadeONNX.model([HandMadeONNX.node("Identity", inputs: ["X"], outputs: ["Y"])], opset: 99), "version 99"
      ),
      (HandMadeONNX.model([HandMadeONNX.trees()], machineLearning: 6), "version 6 of ai.onnx.ml"),
      (HandMadeONNX.model([HandMadeONNX.trees()], machineLearning: nil), "which version of ai.onnx.ml"),
      (HandMadeONNX.model([HandMadeONNX.trees()], outputs: []), "no graph with outputs"),
      (HandMadeONNX.model([HandMadeONNX.trees()], inputType: 14), "a type of input"),
      (changed("n_targets", .int(0)), "0 outputs"), (changed("n_targets", .int(1 << 40)), "outputs"),
      (changed("n_targets", .int(-1)), "-1 outputs"), (changed("target_ids", .ints([0, 0, 0, 1])), "beyond 1"),
      (changed("target_ids", .ints([0, 0, 0, -1])), "beyond 1"),
      (changed("target_ids", .ints([0])), "different lengths"),
      (changed("target_nodeids", .ints([1, 2, 1, 9])), "node 9 does not exist"),
      (changed("target_nodeids", .ints([1, 2, 1, .min])), "does not exist"),
      (changed("target_nodeids", .ints([1, 2, 1, 0])), "children and a weight"),
      (changed("target_treeids", .ints([0, 0, 1, 7])), "tree that does not exist"),
      (changed("nodes_values", .floats([0.5])), "different lengths"),
      (changed("nodes_values", .floats([.nan, 0, 0, 2, 0, 0])), "not a number"),
      (changed("nodes_modes", .texts(["BRANCH_XOR", "LEAF", "LEAF", "BRANCH_LT", "LEAF", "LEAF"])), "mode"),
      (changed("nodes_truenodeids", .ints([0, 0, 0, 1, 0, 0])), "cycle"),
      (changed("nodes_truenodeids", .ints([2, 0, 0, 1, 0, 0])), "reached twice"),
      (changed("nodes_truenodeids", .ints([.max, 0, 0, 1, 0, 0])), "does not exist"),
      (changed("nodes_nodeids", .ints([0, 1, 1, 0, 1, 2])), "exists twice"),
      (changed("nodes_treeids", .ints([0, 1, 0, 1, 1, 1])), "not together"),
      (changed("nodes_featureids", .ints([5, 0, 0, 1, 0, 0])), "column 5 of 2"),
      (changed("nodes_featureids", .ints([-1, 0, 0, 1, 0, 0])), "column -1"),
      (changed("nodes_featureids", .ints([1 << 50, 0, 0, 1, 0, 0])), "column 1125899906842624"),
      (changed("post_transform", .text("CUBE")), "post_transform"),
      (changed("aggregate_function", .text("MEDIAN")), "aggregate_function"),
      (changed("base_values", .floats([1, 2])), "2 base values"),
      (
        HandMadeONNX.model([HandMadeONNX.node("ReduceSum", inputs: ["X"], outputs: ["Y"], [("axes", .ints([0]))])]),
        "mixes rows"
      ),
      (HandMadeONNX.model([HandMadeONNX.node("ReduceSum", inputs: ["X"], outputs: ["Y"])]), "mixes rows"),
      (
        HandMadeONNX.model([HandMadeONNX.node("Concat", inputs: ["X", "X"], outputs: ["Y"], [("axis", .int(0))])]),
        "mixes rows"
      ),
      (
        HandMadeONNX.model([HandMadeONNX.node("Softmax", inputs: ["X"], outputs: ["Y"], [("axis", .int(0))])]),
        "mixes rows"
      ),
      (
        HandMadeONNX.model([HandMadeONNX.node("Identity", inputs: ["nothing"], outputs: ["Y"])]),
        "input nothing is computed nowhere"
      ),
    ])
  func refused(bytes: [UInt8], reason: String) {
    let error = #expect(throws: ModelError.self) { try HandMadeONNX.read(bytes) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    #expect(error?.hint != nil)
  }

  private static func changed(_ name: String, _ value: HandMadeONNX.Attribute) -> [UInt8] {
    HandMadeONNX.model([HandMadeONNX.trees([name: value])])
  }

  @Test("a small file cannot ask for much memory")
  func bounded() throws {
    var nodes: [WireWriter] = []
    var last = "X"
    for step in 0..<4 {
      let inputs = [String](repeating: last, count: 24)
      nodes.append(HandMadeONNX.node("Concat", inputs: inputs, outputs: ["C\(step)"], [("axis", .int(1))]))
      last = "C\(step)"
    }
    for step in 0..<40 {
      nodes.append(HandMadeONNX.node("Neg", inputs: [last], outputs: ["N\(step)"]))
      last = "N\(step)"
    }
    nodes.append(HandMadeONNX.node("Identity", inputs: [last], outputs: ["Y"]))
    let error = #expect(throws: ModelError.self) { try HandMadeONNX.read(HandMadeONNX.model(nodes)) }
    #expect(error?.reason.contains("columns in between") == true && error?.hint != nil)
  }

  @Test("the two transforms that ONNX Runtime has the other way round are noted")
  func transforms() throws {
    let fixtures = try ModelFixture.all(of: "onnx").filter { $0.name.hasPrefix("new-aggregate1-post") }
    #expect(fixtures.count == 5)
    for fixture in fixtures {
      let isSwapped = fixture.name.hasSuffix("post1") || fixture.name.hasSuffix("post2")
      #expect(try HandMadeONNX.read(fixture.bytes).notes.isEmpty != isSwapped, "\(fixture.name)")
    }
  }

  @Test("a truncated file is an error, never a trap")
  func cut() throws {
    let bytes = HandMadeONNX.model([HandMadeONNX.trees()])
    for count in bytes.indices {
      #expect(throws: ModelError.self) { try HandMadeONNX.read(Array(bytes[..<count])) }
    }
  }

  @Test("a changed file is an error or a model that scores, never a trap", arguments: 0..<10)
  func mutated(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    // 600 changed files.
    let fixtures = try ModelFixture.all(of: "onnx").filter { $0.bytes.count < 20_000 }
    for round in 0..<60 {
      guard let fixture = fixtures.randomElement(using: &random) else { return }
      var bytes = round < 10 ? HandMadeONNX.model([HandMadeONNX.trees()]) : fixture.bytes
      for _ in 0...Int.random(in: 0..<4, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
        case 1: bytes[place] &+= Bool.random(using: &random) ? 1 : 255
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1..<9, using: &random)))
        default: bytes.insert(contentsOf: [0xff, 0xff, 0x7f].prefix(Int.random(in: 1..<4, using: &random)), at: place)
        }
      }
      guard let model = try? HandMadeONNX.read(bytes) else { continue }
      let count = 3
      var texts: [Int: [String?]] = [:]
      for (index, input) in model.inputs.enumerated() where input.kind == .text { texts[index] = ["a", nil, "b"] }
      let numbers = [Double](repeating: 1, count: count * model.inputs.count)
      _ = try Scorer(model).score(
        Rows(count: count, numbers: .float64(numbers), texts: texts), model.outputs.map(\.kind))
    }
  }
}
