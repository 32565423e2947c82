import OpzFormats
import OpzIO
import OpzModel
import OpzTestKit
import SystemPackage
import Testing

@Suite("The churn example")
struct ChurnTests {
  let directory = PackageRoot.path(#filePath).appending("examples/churn")

  @Test("all scores of the holdout equal XGBoost's, margins to the last bit")
  func holdout() throws {
    let model = try ModelFormats.standard.load(directory.appending("model.json")).model
    let encoder = RowEncoder(model)
    let table = try CSVTable.read(try FileBlob(directory.appending("holdout.csv")).bytes(), name: "holdout.csv")
    let expected = try CSVTable.read(try FileBlob(directory.appending("expected.csv")).bytes(), name: "expected.csv")
    #expect(table[0] == model.signature.inputs.map(\.name))
    let matrix = try table.dropFirst().flatMap { row in
      try row.enumerated().map { $1.isEmpty ? Float.nan : Float(try encoder.encode($1, column: $0)) }
    }
    let scorer = Scorer(model)
    let margins = scorer.margins(matrix, rows: table.count - 1)
    #expect(margins.count == 1000)
    #expect(margins == expected.dropFirst().map { Float($0[1])! })
    let predictions = scorer.predictions(matrix, rows: table.count - 1)
    for (found, row) in zip(predictions, expected.dropFirst()) {
      #expect(abs(found - Float(row[0])!) <= 1e-6)
    }
  }

  @Test("the signature has the columns with their categories")
  func signature() throws {
    let signature = try ModelFormats.standard.load(directory).model.signature
    #expect(signature.inputs.count == 19)
    #expect(signature.inputs[3] == Signature.Feature(name: "international_plan", kind: .categorical(["no", "yes"])))
    #expect(signature.inputs[1] == Signature.Feature(name: "account_length", kind: .numeric))
    #expect(signature.outputs.map(\.name) == ["probability", "margin"])
  }

  @Test("an unknown category is an error that lists the known ones")
  func unknownCategory() throws {
    let encoder = RowEncoder(try ModelFormats.standard.load(directory).model)
    let error = #expect(throws: ModelError.self) { try encoder.encode("perhaps", column: 3) }
    #expect(error?.subject == "column international_plan")
    #expect(error?.hint == "it has no, yes")
    #expect(throws: ModelError.self) { try encoder.encode("1e999", column: 1) }
    #expect(throws: ModelError.self) { try encoder.encode("", column: 1) }
    #expect(try encoder.encode("1e3", column: 1) == 1000)
  }

  @Test("training reproduces the committed files")
  func reproduced() async throws {
    let copy = try TemporaryDirectory()
    for name in ["train.py", "data/churn.csv"] {
      try copy.write(name, String(decoding: try FileBlob(directory.appending(name)).bytes(), as: UTF8.self))
    }
    let result = try await blocking { try Python.run([copy.path.appending("train.py").string]) }
    try #require(result.status == 0, "\(result.errorText)")
    for name in ["model.json", "holdout.csv", "expected.csv", "metrics.json", "requests.jsonl"] {
      let made = try FileBlob(copy.path.appending(name)).bytes()
      #expect(made == (try FileBlob(directory.appending(name)).bytes()), "\(name) differs")
    }
    #expect(try FileStatus.of(directory.appending("model.json")).size <= 400_000)
  }
}
