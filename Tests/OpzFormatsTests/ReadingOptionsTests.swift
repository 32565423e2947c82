import OpzFormats
import OpzIO
import OpzModel
import OpzTestKit
import SystemPackage
import Testing

@Suite("How a caller says that a model is read")
struct ReadingOptionsTests {
  private let formats = MadeUpFormat.formats

  @Test("an image's environment has what differs from the defaults, and gives it back")
  func environment() throws {
    #expect(ReadingOptions().environment.isEmpty)
    let best = ReadingOptions(iterations: .best, format: "onnx")
    #expect(best.environment == ["OPZ_MODEL_ITERATIONS": "best", "OPZ_MODEL_FORMAT": "onnx"])
    #expect(try ReadingOptions(environment: best.environment) == best)
    #expect(try ReadingOptions(environment: ["OPZ_MODEL_ITERATIONS": "", "HOME": "/"]) == ReadingOptions())
    let error = #expect(throws: ModelError.self) { try ReadingOptions(environment: ["OPZ_MODEL_ITERATIONS": "58"]) }
    #expect(error?.category == .usage && error?.reason == "'58' is not one of all, best")
  }

  @Test("a file has to be of the format that is named, and the error says what it is")
  func mismatch() throws {
    func load(_ text: String, as format: String) throws -> LoadedModel {
      try formats.read(Array(text.utf8), name: "m", options: ReadingOptions(format: format))
    }
    #expect(try load(MadeUpFormat.text, as: "made-up").format.name == "made-up")
    let other = #expect(throws: ModelError.self) { try load(MadeUpFormat.text, as: "lightgbm") }
    #expect(other?.category == .conflict && other?.reason == "not LightGBM text: it looks like Made up")
    #expect(other?.hint == "write format: made-up, or format: auto")
    let none = #expect(throws: ModelError.self) { try load("x", as: "onnx") }
    #expect(none?.reason == "not ONNX: its beginning is of no format that opz knows")
    #expect(none?.hint?.hasPrefix("save an ONNX model") == true)
    #expect(#expect(throws: ModelError.self) { try load("", as: "onnx") }?.reason == "not ONNX: it is empty")
    #expect(#expect(throws: ModelError.self) { try load("x", as: "onyx") }?.category == .usage)
  }

  @Test("of a directory's files the one of the format is read, whatever the others are called")
  func directory() throws {
    let directory = try TemporaryDirectory()
    try directory.write("model.json", HandMadeModel.json())
    try directory.write("weights", MadeUpFormat.text)
    func load(_ format: String?) throws -> String {
      try formats.load(directory.path, options: ReadingOptions(format: format)).format.name
    }
    #expect(try load("made-up") == "made-up" && load(nil) == "xgboost-json")
    #expect(try formats.check(directory.path, isOf: "made-up").name == "made-up")
    let error = #expect(throws: ModelError.self) { try load("onnx") }
    #expect(error?.category == .conflict)
    #expect(error?.reason == "no file of the directory is ONNX; it has Made up, XGBoost JSON")
    try directory.write("more", MadeUpFormat.text)
    let several = #expect(throws: ModelError.self) { try load("made-up") }
    #expect(several?.reason == "2 files could be the model")
  }

  @Test("the only file whose content says that it is a model is the model, among other JSON files too")
  func content() throws {
    let directory = try TemporaryDirectory()
    try directory.write("booster", MadeUpFormat.text)
    try directory.write("config.json", "{}")
    try directory.write("metrics.json", "{}")
    #expect(try formats.load(directory.path).format.name == "made-up")
    try directory.write("other", MadeUpFormat.text)
    #expect(
      #expect(throws: ModelError.self) { try formats.load(directory.path) }?.reason == "2 files could be the model")
  }

  @Test("of a directory with nothing but a refused file, the error says what it is")
  func refused() throws {
    let directory = try TemporaryDirectory()
    try directory.write("notes.md", "x")
    #expect(formats.refusal(in: directory.path) == nil)
    try OutputFile.write([0x80, 4, 0x4e, 0x2e], to: directory.path.appending("model.pkl"))
    let error = formats.refusal(in: directory.path)
    #expect(error?.subject == "model.pkl" && error?.hint?.hasPrefix("if scikit-learn made it") == true)
    try directory.write("model.sums", MadeUpFormat.text)
    #expect(formats.refusal(in: directory.path) == nil)
  }

  @Test("best iterations of a format without iterations are refused")
  func noIterations() throws {
    let error = #expect(throws: ModelError.self) {
      try formats.read(Array(MadeUpFormat.text.utf8), name: "m", options: ReadingOptions(iterations: .best))
    }
    #expect(error?.category == .conflict && error?.reason.contains("has no iterations to choose from") == true)
  }
}
