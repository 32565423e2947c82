import OpzFormats
import OpzIO
import OpzModel
import OpzTestKit
import SystemPackage
import Testing

@Suite("The list of formats")
struct ModelFormatsTests {
  private let formats = ModelFormats.standard

  @Test("names are unique, and each readable format says how it is saved and how its files end")
  func names() {
    #expect(Set(formats.all.map(\.name)).count == formats.all.count)
    #expect(
      Set(formats.readable.map(\.name)).isSuperset(of: ["xgboost-json", "xgboost-ubjson", "lightgbm", "onnx", "skops"]))
    #expect(formats.named("xgboost-json")?.kserve == "xgboost" && formats.named("none") == nil)
    #expect(formats.all.allSatisfy { !$0.suffixes.isEmpty && !$0.displayName.isEmpty })
    let advice = try? #require(formats.advice)
    for format in [
      "an XGBoost model with booster.save_model(\"model.json\")", "a LightGBM model with", "an ONNX model with",
    ] {
      #expect(advice?.contains("save \(format)") == true)
    }
    #expect(ModelFormats([]).advice == nil)
  }

  @Test(
    "a format is recognized by the first bytes",
    arguments: [
      ("{\"learner\":{", "xgboost-json"), (" \n{\"version\":[1,7,6],", "xgboost-json"), ("{}", "xgboost-json"),
      ("{L\u{0}\u{0}\u{0}", "xgboost-ubjson"), ("tree\nversion=v4\n", "lightgbm"),
      ("tree\r\nversion=v4", "lightgbm"), ("PK\u{3}\u{4}", "pickle"),
      ("tree", nil), ("", nil), ("[]", nil), ("\u{0}{", nil),
    ] as [(String, String?)])
  func recognized(text: String, name: String?) {
    #expect(formats.format(of: ModelHeader(text.utf8))?.name == name)
  }

  @Test("a certain match comes before a possible one, and no more than the header is looked at")
  func certainty() {
    func format(_ name: String, _ match: ModelFormat.Match) -> ModelFormat {
      ModelFormat(
        name: name, displayName: name, suffixes: [".x"], hasIterations: false,
        match: { $0.bytes.count == 4096 ? match : .none },
        reading: .refuse(reason: name))
    }
    let header = ModelHeader([UInt8](repeating: 1, count: 10_000))
    let list = [format("a", .none), format("b", .possible), format("c", .certain), format("d", .certain)]
    #expect(ModelFormats(list).format(of: header)?.name == "c")
    #expect(ModelFormats(Array(list.prefix(2))).format(of: header)?.name == "b")
  }

  @Test("the model of a directory is chosen by name, and never a hidden file")
  func choice() throws {
    func chosen(_ names: String...) -> String? {
      try? formats.choose(among: names.map { FilePath("/models").appending($0) }, in: "/models").lastComponent?.string
    }
    #expect(chosen("a.json", "notes.txt") == "a.json")
    #expect(chosen("a.json", "model.json") == "model.json")
    #expect(chosen("a.json", "b.json") == nil && chosen("notes.md") == nil && chosen(".a.json") == nil)
    #expect(chosen("lightgbm.txt") == "lightgbm.txt" && chosen("a.txt", "model.txt") == "model.txt")
    #expect(chosen("a.txt", "b.txt") == nil)
    #expect(chosen(".a.json", "b.json") == "b.json")
  }

  @Test("a format of another list is found, chosen and read, and says how its files are made")
  func madeUp() throws {
    let directory = try TemporaryDirectory()
    let formats = MadeUpFormat.formats
    let empty = #expect(throws: ModelError.self) { try formats.load(directory.path) }
    #expect(empty?.hint?.hasSuffix(", or write sums 2 into model.sums") == true)
    try directory.write("a.sums", "sums 3\n")
    let loaded = try formats.load(directory.path)
    #expect(loaded.format.name == "made-up" && loaded.model.signature.inputs.count == 3)
    #expect(Scorer(loaded.model).margins([1, 2, 3], rows: 1) == [0.5])
    #expect(formats.find(directory.path.appending("a.sums"))?.format.name == "made-up")
    #expect(self.formats.find(directory.path.appending("a.sums")) == nil)
    try directory.write("b.json", HandMadeModel.json())
    let several = #expect(throws: ModelError.self) { try formats.load(directory.path) }
    #expect(several?.hint?.hasPrefix("name one of them, or call it model.json or ") == true)
    try directory.write("a.sums", "sums none\n")
    #expect(throws: ModelError.self) { try formats.load(directory.path.appending("a.sums")) }
  }
}
