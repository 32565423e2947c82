import OpzFormats
import OpzHTTPServer
import OpzIO
import OpzModel
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzInference
@testable import OpzServe

@Suite("A model behind the protocol")
struct ModelPredictorTests {
  private static let example = FilePath(#filePath).removingLastComponent().removingLastComponent()
    .removingLastComponent().appending("examples").appending("churn")

  /// The cells of holdout.csv, which has no quotes, and its columns' names.
  private func holdout() throws -> (names: [String], rows: [[Substring]]) {
    let text = String(
      decoding: try FileBlob(ModelPredictorTests.example.appending("holdout.csv")).bytes(), as: UTF8.self)
    try #require(!text.contains("\""))
    let lines = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    return (try #require(lines.first).map(String.init), Array(lines.dropFirst()))
  }

  @Test("The churn holdout over the protocol gives exactly the scores of `opz score`")
  func churn() async throws {
    let loaded = try ModelFormats.standard.load(ModelPredictorTests.example.appending("model.json"))
    let model = loaded.model
    let (names, rows) = try holdout()
    #expect(rows.count >= 1000 && names.sorted() == model.signature.inputs.map(\.name).sorted())

    let encoder = RowEncoder(model)
    let order = try model.signature.inputs.map { input in try #require(names.firstIndex(of: input.name)) }
    let matrix = try rows.flatMap { row in
      try order.enumerated().map { column, cell in
        row[cell].isEmpty ? Float.nan : Float(try encoder.encode(String(row[cell]), column: column))
      }
    }
    let margins = Scorer(model).margins(matrix, rows: rows.count)
    let probabilities = Scorer(model).predictions(matrix, rows: rows.count)

    let server = InferenceServer(
      ServedModel(name: "churn", version: "1", predictor: ModelPredictor(loaded)), version: "0", cores: 2)
    let response = await server.ask("POST", "/v2/models/churn/infer", body: request(model.signature, names, rows: rows))
    try #require(response.status == 200, "\(response.text.prefix(500))")
    let outputs = try response.decoded(InferenceDocument.self).outputs
    #expect(outputs.map(\.name) == ["probability", "margin"])
    #expect(outputs.map(\.shape) == [[rows.count], [rows.count]])
    #expect(outputs[0].data.map { $0?.bitPattern } == probabilities.map(\.bitPattern))
    #expect(outputs[1].data.map { $0?.bitPattern } == margins.map(\.bitPattern))
  }

  @Test("A format of a list that the server is given is served under its own name")
  func madeUpFormat() async throws {
    let loaded = try MadeUpFormat.formats.read(Array(MadeUpFormat.text.utf8), name: "model.sums")
    let predictor = ModelPredictor(loaded)
    #expect(predictor.platform == "made_up" && predictor.features.map(\.name) == ["f0", "f1"])
    guard case .float32([0.5])? = try predictor.predict(Rows([1, 2], count: 1), outputs: [0]).first else {
      Issue.record("another prediction")
      return
    }
  }

  /// The rows as one input per feature, in the table's order.
  private func request(_ signature: Signature, _ names: [String], rows: [[Substring]]) -> String {
    let texts = Set(signature.inputs.filter { $0.kind != .numeric }.map(\.name))
    let inputs = names.enumerated().map { index, name in
      let cells = rows.map { row in
        row[index].isEmpty ? "null" : texts.contains(name) ? "\"\(row[index])\"" : String(row[index])
      }
      let datatype = texts.contains(name) ? "BYTES" : "FP64"
      return """
        {"name":"\(name)","datatype":"\(datatype)","shape":[\(rows.count)],"data":[\(cells.joined(separator: ","))]}
        """
    }
    return "{\"inputs\":[\(inputs.joined(separator: ","))]}"
  }

  @Test(
    "A model without a name gets the name of its file or directory",
    arguments: [
      ("/a/churn.json", "churn"), ("churn.json", "churn"), ("/m/churn/", "churn"), ("/models", "model"), ("/", "model"),
      ("./x/../models/", "model"),
    ] as [(FilePath, String)])
  func names(path: FilePath, name: String) { #expect(ModelPredictor.name(of: path) == name) }
}
