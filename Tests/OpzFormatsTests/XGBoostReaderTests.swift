import OpzFormats
import OpzIO
import OpzModel
import OpzTestKit
import SystemPackage
import Testing

extension HandMadeModel {
  static func read(_ text: String) throws -> Model {
    try ModelFormats.standard.read(Array(text.utf8), name: "model.json").model
  }
}

@Suite("XGBoost files")
struct XGBoostReaderTests {
  @Test("the layout of 1.7 is scored", arguments: ["5E-1", "[5E-1]", "0.5"])
  func old(base: String) throws {
    let scorer = Scorer(try HandMadeModel.read(HandMadeModel.json(baseScore: base)))
    let rows: [Float] = [0, 0, 0.5, 1.9, 0.5, 2, .nan, 5, 7, .nan]
    #expect(scorer.margins(rows, rows: 5) == [-0.875, 0.375, 1.125, -0.875, 1.125])
    #expect(try scorer.leaves(Rows(rows, count: 5)) == [1, 0, 3, 0, 4, 0, 1, 0, 4, 0])
  }

  @Test("a base score other than 0.5 becomes a float32 logit; for logitraw, it is the margin")
  func baseScores() throws {
    let logit = Scorer(try HandMadeModel.read(HandMadeModel.json(baseScore: "2E-1"))).margins([0, 0], rows: 1)
    #expect(abs(logit[0] - (-1.3862944 - 0.875)) < 1e-6)
    let raw = Scorer(try HandMadeModel.read(HandMadeModel.json(baseScore: "2E-1", objective: "binary:logitraw")))
      .margins(
        [0, 0], rows: 1)
    #expect(raw == [Float(0.2) + -1 + 0.125])
  }

  @Test("dart up to 3.3 has its weights next to the wrapped trees")
  func dart() throws {
    let plain = HandMadeModel.json()
    let start = plain.firstRange(of: "\"gradient_booster\":{")!.upperBound
    let end = plain.firstRange(of: ",\"learner_model_param\"")!.lowerBound
    let inner = plain[start..<end].dropLast()
    let text = plain[..<start] + "\"gbtree\":{\(inner)},\"name\":\"dart\",\"weight_drop\":[0.5,2]}" + plain[end...]
    let scorer = Scorer(try HandMadeModel.read(String(text)))
    #expect(scorer.margins([0, 0], rows: 1) == [-0.25])
  }

  @Test(
    "an invalid model is refused, and the error says where",
    arguments: [
      ("", "empty"), ("{", "model.json:1:2"), ("[]", "not a model"), ("{}", "no \"learner\""),
      ("not json", "not a model"),
      ("{\"learner\": 1}", "expected an object"),
      ("{\"a\":" + String(repeating: "[", count: 5000), "nested deeper"),
      (HandMadeModel.json(left: "[0,-1,3,-1,-1]"), "reached twice"),
      (HandMadeModel.json(left: "[1,-1,2,-1,-1]"), "reached twice"),
      (HandMadeModel.json(left: "[1,-1,99,-1,-1]"), "does not exist"),
      (HandMadeModel.json(left: "[-7,-1,3,-1,-1]"), "does not exist"),
      (HandMadeModel.json(right: "[2,-1,2147483647,-1,-1]"), "does not exist"),
      (HandMadeModel.json(right: "[2,-1,2147483648,-1,-1]"), "too large"),
      (HandMadeModel.json(right: "[2,-1,9223372036854775808,-1,-1]"), "too large"),
      (HandMadeModel.json(indices: "[0,0,2,0,0]"), "column 2 of 2"),
      (HandMadeModel.json(indices: "[0,0,-1,0,0]"), "column -1"),
      (HandMadeModel.json(conditions: "[0.5,-1,2,0.25]"), "different lengths"),
      (HandMadeModel.json(conditions: "[0.5,NaN,2,0.25,1]"), "not a finite number"),
      (HandMadeModel.json(conditions: "[NaN,1,2,0.25,1]"), "not a number"),
      (HandMadeModel.json(conditions: "[0.5,-1,2,0.25,1e999]"), "not a finite number"),
      (HandMadeModel.json(conditions: "[0.5,-1,2,0.25,1e]"), "exponent"),
      (HandMadeModel.json(info: "[0]"), "tree_info"),
      (
        HandMadeModel.json(info: "[0,9223372036854775807]")
          .replacing("\"attributes\":{}", with: "\"attributes\":{\"best_iteration\":\"0\"}"), "parallel trees"
      ),
      (HandMadeModel.json(info: "[0,1]"), "output 1 of 1"),
      (HandMadeModel.json(booster: "gbforest"), "booster gbforest"),
      (HandMadeModel.json(booster: "gblinear"), "0 weights for 2 columns and 1 output"),
      (HandMadeModel.json(booster: "dart"), "0 weights for 2 trees"),
      (HandMadeModel.json(objective: "my:loss"), "objective my:loss"),
      (HandMadeModel.json().replacing("num_feature\":\"2", with: "num_feature\":\"0"), "no columns"),
      (HandMadeModel.json().replacing("num_feature\":\"2", with: "num_feature\":\"9999999"), "9999999 columns"),
      // A name for each of a million columns would take a hundred megabytes.
      (
        HandMadeModel.json().replacing(
          "\"feature_names\":[\"a\",\"b\"],\"feature_types\":[\"float\",\"float\"],", with: ""
        )
        .replacing("num_feature\":\"2", with: "num_feature\":\"1000000"),
        "it states 1000000 columns, and a file of its size may have 65536"
      ),
      (HandMadeModel.json().replacing("num_class\":\"0", with: "num_class\":\"1000000"), "it states 1000000 outputs"),
      (HandMadeModel.json(baseScore: "nan"), "base_score"),
      (HandMadeModel.json(baseScore: "[1,2]"), "2 values for 1"), (HandMadeModel.json() + "x", "after the end"),
      ("{L\u{0}\u{0}\u{0}", "ends too early"), ("PK\u{3}\u{4}", "pickle or a zip"),
    ])
  func refused(text: String, reason: String) {
    let error = #expect(throws: ModelError.self) { try HandMadeModel.read(text) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    #expect(error?.hint != nil)
  }

  @Test(
    "texts of categories that do not stand where the file says are left out",
    arguments: ["[0,2,3]", "[0,5000,3]", "[0,3,2]", "[0,3,9000000000000]", "[-1,3]", "[3]", "[]"])
  func categoryOffsets(offsets: String) throws {
    let cats = #""model":{"cats":{"enc":[{},{"offsets":\#(offsets),"values":[97,98,99]}]},"#
    let text = HandMadeModel.json().replacing(
      #""feature_types":["float","float"]"#, with: #""feature_types":["float","c"]"#
    )
    .replacing(#""model":{"#, with: cats)
    let texts = offsets == "[0,2,3]" ? ["ab", "c"] : []
    #expect(try HandMadeModel.read(text).inputs[1].kind == .categorical(texts, unseen: .refused))
  }

  @Test("categories far apart cannot ask for much memory")
  func farCategories() throws {
    let lists = (0..<9).map { _ in
      #"{"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_indices":[0,0,0],"split_conditions":[0,1,2],"#
        + #""default_left":[0,0,0],"split_type":[1,0,0],"categories":[16777215],"categories_nodes":[0],"#
        + #""categories_segments":[0],"categories_sizes":[1]}"#
    }
    func model(_ count: Int) -> String {
      let text = HandMadeModel.json(info: "[\(repeatElement("0", count: count).joined(separator: ","))]")
      let start = text.firstRange(of: "\"trees\":[")!.upperBound, end = text.firstRange(of: "]},\n\"name\"")!.lowerBound
      return String(text[..<start]) + lists[..<count].joined(separator: ",") + String(text[end...])
    }
    #expect(try HandMadeModel.read(model(3)).treeCount == 3)
    let error = #expect(throws: ModelError.self) { try HandMadeModel.read(model(9)) }
    #expect(error?.reason.contains("categories") == true)
  }

  @Test("a truncated file is an error, never a trap", arguments: 0..<8)
  func cut(part: Int) throws {
    let bytes = Array(HandMadeModel.json().utf8)
    for count in stride(from: part, to: bytes.count, by: 8) {
      #expect(throws: ModelError.self) { try ModelFormats.standard.read(Array(bytes[..<count]), name: "model.json") }
    }
  }

  @Test("a changed file is an error or a model that scores, never a trap", arguments: 0..<12)
  func mutated(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let churn = try FileBlob(PackageRoot.path(#filePath).appending("examples/churn/model.json")).bytes()
    let original = seed < 10 ? Array(HandMadeModel.json().utf8) : churn
    for _ in 0..<(seed < 10 ? 100 : 4) {
      var bytes = original
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
        case 1: bytes[place] = "0123456789-[]{},:\"eE.".utf8.randomElement(using: &random)!
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1..<9, using: &random)))
        default:
          bytes.insert(contentsOf: Array("99999999999".utf8.prefix(Int.random(in: 1..<11, using: &random))), at: place)
        }
      }
      if let model = try? ModelFormats.standard.read(bytes, name: "model.json").model {
        let scorer = Scorer(model)
        _ = scorer.margins([Float](repeating: 1, count: model.inputs.count * 3), rows: 3)
      }
    }
  }

  @Test("a changed file of any version, JSON or UBJSON, is an error or a model that scores", arguments: 0..<4)
  func mutatedFixtures(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for fixture in try ModelFixture.all(of: "xgboost") {
      var bytes = fixture.bytes
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
        case 1: bytes[place] = "{[$#LlUIidDSTFZN]}\u{0}\u{ff}0:,".utf8.randomElement(using: &random)!
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1..<9, using: &random)))
        default: bytes.insert(contentsOf: bytes[..<place].suffix(Int.random(in: 1..<30, using: &random)), at: place)
        }
      }
      guard let model = try? ModelFormats.standard.read(bytes, name: fixture.file).model else { continue }
      _ = Scorer(model).margins([Float](repeating: 1, count: model.inputs.count * 2), rows: 2)
    }
  }

  @Test("all iterations count, or those up to the best; the notes say which, where the file records a best one")
  func iterations() throws {
    let text = HandMadeModel.json().replacing("\"attributes\":{}", with: #""attributes":{"best_iteration":"0"}"#)
    let bytes = Array(text.utf8)
    let all = try ModelFormats.standard.read(bytes, name: "model.json").model
    #expect(all.treeCount == 2 && all.notes.count == 1)
    #expect(all.notes[0].hasPrefix("the file's best iteration is 0 of 2, counted from 0: all 2 are scored"))
    let best = try ModelFormats.standard.read(bytes, name: "m", options: ReadingOptions(iterations: .best)).model
    #expect(best.treeCount == 1 && best.notes == ["the first 1 of 2 iterations are scored, up to the best"])
    #expect(Scorer(best).margins([0, 0], rows: 1) == [-1])
    let plain = Array(HandMadeModel.json().utf8)
    #expect(try ModelFormats.standard.read(plain, name: "m").model.notes.isEmpty)
    let none = try ModelFormats.standard.read(plain, name: "m", options: ReadingOptions(iterations: .best)).model
    #expect(none.treeCount == 2 && none.notes == ["the file records no best iteration: all trees are used"])
  }

  @Test("an iteration ends where the file says, or is as many trees as outputs times parallel trees")
  func forests() throws {
    func count(_ replacements: [(String, String)]) throws -> Int {
      var text = HandMadeModel.json().replacing("\"attributes\":{}", with: #""attributes":{"best_iteration":"0"}"#)
      for (old, new) in replacements { text = text.replacing(old, with: new) }
      return try ModelFormats.standard.read(
        Array(text.utf8), name: "m", options: ReadingOptions(iterations: .best)
      ).model.treeCount
    }
    #expect(try count([("\"num_trees\":\"2\"", "\"num_trees\":\"2\",\"num_parallel_tree\":\"2\"")]) == 2)
    #expect(try count([("\"tree_info\"", "\"iteration_indptr\":[0,1,2],\"tree_info\"")]) == 1)
    #expect(try count([("\"tree_info\"", "\"iteration_indptr\":[0,2],\"tree_info\"")]) == 2)
    #expect(throws: ModelError.self) {
      try count([("\"tree_info\"", "\"iteration_indptr\":[0,1,3],\"tree_info\"")])
    }
    #expect(throws: ModelError.self) {
      try count([("\"num_trees\":\"2\"", "\"num_trees\":\"2\",\"num_parallel_tree\":\"3\"")])
    }
  }

  @Test("a file of a version that was not tried is scored, and a note says so", arguments: ["[9,1,0]", "[3,2,0]"])
  func untried(version: String) throws {
    let model = try HandMadeModel.read(HandMadeModel.json().replacing("[1,7,6]", with: version))
    #expect(model.notes.contains { $0.contains("9.1.0") } == (version == "[9,1,0]"))
  }

  @Test("between 1.6 and 1.7.2 a category beyond a node's bits goes the way of the missing ones")
  func unknownCategories() throws {
    func margins(_ version: String, missingLeft: Int) throws -> [Float] {
      let text = HandMadeModel.json().replacing("[1,7,6]", with: version)
        .replacing(
          "\"default_left\":[1,0,0,0,0],\"categories\":[],\"categories_nodes\":[],\"categories_segments\":[]",
          with: "\"default_left\":[\(missingLeft),0,0,0,0],\"split_type\":[1,0,0,0,0],\"categories\":[1],"
            + "\"categories_nodes\":[0],\"categories_segments\":[0]"
        )
        .replacing("\"categories_sizes\":[]", with: "\"categories_sizes\":[1]")
        .replacing("\n", with: "")
      // Categories 0, 1, 31, 32, -1 and missing; b is below 2, so that left is -0.875 and right is 0.375.
      return Scorer(try HandMadeModel.read(text)).margins([0, 0, 1, 0, 31, 0, 32, 0, -1, 0, .nan, 0], rows: 6)
    }
    let (left, right): (Float, Float) = (-0.875, 0.375)
    #expect(try margins("[1,7,6]", missingLeft: 0) == [left, right, left, left, left, right])
    #expect(try margins("[1,7,2]", missingLeft: 0) == [left, right, left, right, right, right])
    #expect(try margins("[1,7,2]", missingLeft: 1) == [left, right, left, left, left, left])
  }

  @Test("category names that XGBoost truncated are left out, so that a wrong name never matches")
  func cutTexts() throws {
    let cats = #","cats":{"enc":[{"offsets":[0,1,2],"values":[-61,-87,97]},{"offsets":[],"values":[]}]}"#
    let text = HandMadeModel.json().replacing("\"float\",\"float\"", with: "\"c\",\"float\"")
      .replacing("\"tree_info\":[0,0]", with: "\"tree_info\":[0,0]\(cats)")
    let encoder = RowEncoder(try HandMadeModel.read(text))
    #expect(encoder.inputs[0].kind == .categorical([], unseen: .refused))
    #expect(throws: ModelError.self) { try encoder.encode("a", column: 0) }
    #expect(try encoder.encode("1", column: 0) == 1)
  }

  @Test("a directory must have one model, or one named model.json")
  func directories() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: ModelError.self) { try ModelFormats.standard.load(directory.path) }
    try directory.write("a.json", HandMadeModel.json())
    #expect(try ModelFormats.standard.load(directory.path).model.treeCount == 2)
    try directory.write("b.json", HandMadeModel.json())
    #expect(throws: ModelError.self) { try ModelFormats.standard.load(directory.path) }
    try directory.write("model.json", HandMadeModel.json())
    #expect(try ModelFormats.standard.load(directory.path).model.treeCount == 2)
    let error = #expect(throws: IOFailure.self) {
      try ModelFormats.standard.load(directory.path.appending("none.json"))
    }
    #expect(error?.category == .notFound)
  }
}
