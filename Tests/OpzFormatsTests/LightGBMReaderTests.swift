import OpzFormats
import OpzIO
import OpzModel
import OpzTestKit
import Testing

/// A LightGBM file of two small trees, written by hand: `age` is compared, `plan` is a category.
private struct SmallFile {
  /// What stands around the trees, by a name.
  private var parts = [
    "version": "v4", "objective": "objective=binary sigmoid:1\n",
    "columns": "max_feature_idx=1\nfeature_names=age plan\nfeature_infos=[0:90] 0:1:2\n",
    "sizes": "tree_sizes=1 1\n",
    "end": "end of trees\n\nfeature importances:\nage=1\n\nparameters:\n[boosting: gbdt]\nend of parameters\n",
    "pandas": "\npandas_categorical:[[\"a\", \"b\", \"c\"]]\n",
  ]
  /// The lists of the first tree.
  private var lists = [
    "num_leaves": "3", "num_cat": "1", "split_feature": "0 1", "threshold": "18.5 0", "decision_type": "10 1",
    "left_child": "-1 -2", "right_child": "1 -3", "leaf_value": "-0.5 0.25 1e-1", "cat_boundaries": "0 1",
    "cat_threshold": "5",
  ]

  var text: String {
    func part(_ name: String) -> String { parts[name] ?? "" }
    let block = lists.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
    let head = "tree\nversion=\(part("version"))\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
    return head + part("columns") + part("objective") + part("sizes") + "\nTree=0\n\(block)shrinkage=1\n\n\n"
      + "Tree=1\nnum_leaves=1\nnum_cat=0\nleaf_value=0.125\n\n\n" + part("end") + part("pandas")
  }

  /// With another part or list; nil leaves it out.
  func with(_ name: String, _ value: String?) -> SmallFile {
    var copy = self
    if parts[name] == nil { copy.lists[name] = value } else { copy.parts[name] = value ?? "" }
    return copy
  }
}

private func read(_ file: SmallFile) throws -> Model { try read(file.text) }

private func read(_ text: String) throws -> Model {
  try ModelFormats.standard.read(Array(text.utf8), name: "model.txt").model
}

@Suite("LightGBM files")
struct LightGBMReaderTests {
  @Test("a tree with a category is scored, with lines that end either way")
  func small() throws {
    let rows: [Float] = [10, 0, 18.5, 1, 40, 0, 40, 1, 40, 2, 40, .nan, .nan, 0, 40, -0.5, 40, -1]
    let expected: [Float] = [-0.375, -0.375, 0.375, 0.225, 0.375, 0.225, -0.375, 0.375, 0.225]
    for text in [SmallFile().text, SmallFile().text.replacing("\n", with: "\r\n")] {
      let model = try read(text)
      #expect(Scorer(model).margins(rows, rows: 9) == expected)
      #expect(model.inputs[0].kind == .number(.float64) && model.objective == "binary" && model.notes.isEmpty)
      #expect(model.inputs[1].kind == .categorical(["a", "b", "c"], unseen: .missing))
      #expect(try Scorer(model).leaves(Rows(rows, count: 9)).prefix(6) == [0, 0, 0, 0, 1, 0])
    }
  }

  @Test("numbers are read to the last bit, however they are written")
  func numbers() throws {
    for text in [
      "1.0000000180025095e-35", "0.10000000000000001", "9007199254740993", "123456789012345678901234567890", "4.9e-324",
      "1.7976931348623157e308", "-0", "+1.5", "0.30000000000000004", "8.5e-40", "5e22", "1e23",
      "-2.2250738585072014e-308",
      "179769313486231580793728971405301e275", "0.000000000000000000000000000000000000000000001", "inf", "-inf", "1E5",
      "7.",
    ] {
      let model = try read(SmallFile().with("leaf_value", "\(text) 0 0"))
      let leaf = model.ensembles[0].nodes[model.ensembles[0].nodes.firstIndex(where: \.isLeaf) ?? 0]
      #expect(leaf.threshold.bitPattern == Double(text)?.bitPattern, "\(text)")
    }
  }

  @Test("the lists of pandas go to the columns that they fit, and are left out where that is not certain")
  func pandas() throws {
    func kinds(_ infos: String, _ lists: String) throws -> ([Model.Kind], Int) {
      let columns = "max_feature_idx=3\nfeature_names=age plan size paid\nfeature_infos=\(infos)\n"
      let model = try read(
        SmallFile().with("columns", columns).with("pandas", "\npandas_categorical:\(lists)\n"))
      return (model.inputs.map(\.kind), model.notes.count)
    }
    let number = Model.Kind.number(.float64)
    func texts(_ list: String...) -> Model.Kind { .categorical(list, unseen: .missing) }
    let codes = Model.Kind.categorical([], unseen: .missing)
    // As many lists as categorical columns.
    #expect(
      try kinds("[0:9] 0:1:2 [0:1] -1:1:0", "[[\"a\", \"b\", \"é\"], [false, true]]")
        == ([number, texts("a", "b", "é"), number, texts("False", "True")], 0))
    #expect(try kinds("[0:9] 0:1 none none", "[[3, 70.5]]") == ([number, texts("3", "70.5"), number, number], 0))
    // More: one is of an ordered column, whose values say which.
    #expect(
      try kinds("[0:9.5] 0:1:2 [0:1] [0:0.5]", "[[\"a\", \"b\", \"c\"], [\"s\", \"m\"]]")
        == ([number, texts("a", "b", "c"), texts("s", "m"), number], 0))
    #expect(
      try kinds("[0:1] 0:1:2 [0:1] [0:2]", "[[\"a\", \"b\", \"c\"], [\"s\", \"m\"]]")
        == ([number, texts("a", "b", "c"), texts("s", "m"), number], 0))
    // Both of two columns fit.
    #expect(
      try kinds("[0:9] 0:1:2 [0:1] [0:1]", "[[\"a\", \"b\", \"c\"], [\"s\", \"m\"]]")
        == ([number, codes, number, number], 1))
    // Fewer: the longer one has codes that the list has not.
    #expect(try kinds("[0:9] 0:1:7 [0:1] 0:1", "[[\"a\", \"b\"]]") == ([number, codes, number, texts("a", "b")], 0))
    #expect(try kinds("[0:9] 0:1 [0:1] 0:1", "[[\"a\", \"b\"]]") == ([number, codes, number, codes], 1))
    // Two categories with one text.
    #expect(try kinds("[0:9] 0:1 none none", "[[1, \"1\"]]") == ([number, codes, number, number], 1))
    #expect(try kinds("[0:9] 0:1 none none", "null") == ([number, codes, number, number], 0))
  }

  @Test("categories that were numbers or truth values are found as texts and as numbers, and unseen ones are missing")
  func categories() throws {
    let columns = "max_feature_idx=1\nfeature_names=age plan\nfeature_infos=[0:90] 0:1:2:3\n"
    func encoder(_ list: String) throws -> RowEncoder {
      RowEncoder(
        try read(SmallFile().with("columns", columns).with("pandas", "\npandas_categorical:[\(list)]\n")))
    }
    let floats = try encoder("[0.5, 1.0, 1e-05, 70.0]")
    #expect(try ["0.5", "1.0", "1", "1e-05", "70"].map { try floats.encode($0, column: 1) } == [0, 1, 1, 2, 3])
    #expect(try [0.5, 1, 1e-05, 70].map { try floats.encode($0, column: 1) } == [0, 1, 2, 3])
    #expect(try floats.encode("2", column: 1).isNaN && floats.encode(2, column: 1).isNaN)
    let truths = try encoder("[false, true, \"é\", 3]")
    #expect(try ["False", "True", "é", "3"].map { try truths.encode($0, column: 1) } == [0, 1, 2, 3])
    #expect(try truths.encode("x", column: 1).isNaN)
  }

  @Test("a version that was not tried is scored, and a note says so")
  func version() throws {
    #expect(try read(SmallFile().with("version", "v9")).notes.first?.contains("v9") == true)
    for version in ["v2", "v3"] { #expect(try read(SmallFile().with("version", version)).notes.isEmpty) }
  }

  @Test(
    "an invalid file is refused, and the error says where",
    arguments: [
      ("left_child", "0 -2", "reached twice"), ("left_child", "2 -2", "child 2"), ("left_child", "-4 -2", "child -4"),
      ("left_child", "-1", "left_child has not 2"), ("left_child", "-1 -2 -3", "left_child has not 2"),
      ("right_child", nil, "tree 0: right_child is missing"), ("right_child", "1 -2", "reached twice"),
      ("num_leaves", "0", "no leaf"), ("num_leaves", "4000000000", "not a number"),
      ("num_leaves", "-1", "not a number"),
      ("num_leaves", "2000000000", "leaf_value has not"), ("split_feature", "0 2", "column 2 of 2"),
      ("split_feature", "0 -1", "column -1"), ("split_feature", "0 99999999999", "split_feature"),
      ("threshold", "nan 0", "threshold has not"), ("threshold", "18.5 1", "no set"),
      ("threshold", "18.5 -1", "no set"),
      ("threshold", "18.5 1e300", "no set"), ("threshold", "1..5 0", "threshold"), ("threshold", "1e 0", "threshold"),
      ("threshold", "1e99999999999 0", "threshold"), ("leaf_value", "x 1 1", "leaf_value"),
      ("leaf_value", "nan 1 1", "leaf_value"), ("leaf_value", nil, "leaf_value is missing"),
      ("cat_boundaries", "0 2", "cat_threshold"), ("cat_boundaries", "1 1", "ascending"),
      ("cat_boundaries", "0 2147483647", "cat_threshold"), ("num_cat", "5", "cat_boundaries"),
      ("cat_threshold", "4294967296", "cat_threshold"), ("is_linear", "1", "leaf_const"),
      ("objective", "objective=binary\n", "objective binary"),
      ("objective", "objective=survival\n", "not one that LightGBM has"),
      ("objective", "objective=multiclass num_class:3\n", "does not fit 1"),
      ("columns", "feature_names=a b\nfeature_infos=none none\n", "max_feature_idx is missing"),
      ("columns", "max_feature_idx=2\nfeature_names=a b\n", "feature_names has not 3"),
      ("columns", "max_feature_idx=99999999\nfeature_names=a b\n", "max_feature_idx is"),
      ("columns", "max_feature_idx=1\nfeature_names=a a\nfeature_infos=none none\n", "name a"),
      ("columns", "max_feature_idx=1\nfeature_names=a b\nfeature_infos=none\n", "feature_infos"),
      ("columns", "max_feature_idx=1\nfeature_names=a b\nfeature_infos=none [2:1]\n", "\"[2:1]\""),
      ("sizes", "tree_sizes=1 1 1\n", "2 trees, not 3"), ("end", nil, "should stand here"),
      ("end", "end of trees\n\nparameters:\n[boosting: gbdt]\n", "no end"), ("end", "rubbish\n", "should stand here"),
      ("pandas", "\npandas_categorical:[[1, 2", "categories of pandas"),
      ("pandas", "\npandas_categorical:{}", "categories of pandas"),
      ("sizes", "average_output\nend of trees\n", "without trees"),
    ] as [(String, String?, String)])
  func refused(part: String, value: String?, reason: String) {
    let error = #expect(throws: ModelError.self) { try read(SmallFile().with(part, value)) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    #expect(error?.hint != nil && error?.subject.hasPrefix("model.txt") == true)
  }

  @Test("a file that is cut off before its end is an error, never a trap")
  func cut() throws {
    let text = SmallFile().with("pandas", nil).text
    let complete = try #require(text.firstRange(of: "end of trees")?.upperBound)
    let parameters = try #require(text.firstRange(of: "parameters:")?.upperBound)
    for end in text.indices where end < complete || end > parameters {
      #expect(throws: ModelError.self) { try read(String(text[..<end].dropLast(1))) }
    }
  }

  @Test("a changed file is an error or a model that scores, never a trap", arguments: 0..<10)
  func mutated(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let fixtures = try ModelFixture.all(of: "lightgbm-text")
    for _ in 0..<50 {
      guard var bytes = seed < 3 ? Array(SmallFile().text.utf8) : fixtures.randomElement(using: &random)?.bytes else {
        return
      }
      for _ in 0...Int.random(in: 0..<4, using: &random) { mutate(&bytes, &random) }
      if let model = try? ModelFormats.standard.read(bytes, name: "model.txt").model {
        let rows = (0..<(model.inputs.count * 3)).map { _ -> Float in
          [0, 1, -1, .nan, 1e30, 40].randomElement(using: &random) ?? 0
        }
        _ = Scorer(model).margins(rows, rows: 3)
        _ = try Scorer(model).leaves(Rows(rows, count: 3))
      }
    }
  }

  /// Changes the head and the trees, not the long list of parameters behind them.
  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    let end = min(bytes.count, 3000)
    guard end > 0 else { return }
    let place = Int.random(in: 0..<end, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
    case 1: bytes[place] = "0123456789-=[] :\r\neE.".utf8.randomElement(using: &random) ?? 0
    case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1..<9, using: &random)))
    case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1..<200, using: &random)))
    default:
      bytes.insert(contentsOf: Array("99999999999".utf8.prefix(Int.random(in: 1..<11, using: &random))), at: place)
    }
  }
}
