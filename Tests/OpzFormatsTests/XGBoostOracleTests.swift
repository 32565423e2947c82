import OpzFormats
import OpzIO
import OpzModel
import OpzTestKit
import SystemPackage
import Testing

/// Reads files of numbers written by NumPy.
enum Numbers {
  static func floats(_ path: FilePath) throws -> [Float] {
    let bytes = try FileBlob(path).bytes()
    return bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { Float(bitPattern: raw.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)) }
    }
  }

  static func integers(_ path: FilePath) throws -> [Int32] {
    let bytes = try FileBlob(path).bytes()
    return bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
    }
  }
}

@Suite("Scores, compared with XGBoost")
struct XGBoostOracleTests {
  /// Trains with PyPI's xgboost and scores its rows, boundary rows among them.
  @Test(
    "margins and leaves are equal to the last bit",
    arguments: [
      "binary", "categorical", "logitraw", "hinge", "regression", "absolute", "poisson", "gamma", "tweedie",
      "multiclass",
      "softmax", "dart", "ranking", "stump", "constant",
    ])
  func equal(kind: String) async throws {
    let directory = try TemporaryDirectory()
    let script = PackageRoot.path(#filePath).appending("Tests/OpzFormatsTests/Fixtures/oracle.py")
    let result = try await blocking { try Python.run([script.string, kind, directory.path.string]) }
    try #require(result.status == 0, "\(result.errorText)")

    let model = try ModelFormats.standard.load(directory.path.appending("model.json")).model
    let scorer = Scorer(model)
    let rows = try Numbers.floats(directory.path.appending("rows.f32"))
    let count = rows.count / model.inputs.count
    try #require(count > 1500)

    let margins = scorer.margins(rows, rows: count)
    let expected = try Numbers.floats(directory.path.appending("margin.f32"))
    try #require(margins.count == expected.count)
    let wrong = zip(margins, expected).enumerated().filter { $1.0.bitPattern != $1.1.bitPattern }
    #expect(
      wrong.isEmpty, "\(wrong.count) of \(expected.count) margins differ, first \(String(describing: wrong.first))")

    let leaves = try scorer.leaves(Rows(rows, count: count))
    #expect(leaves == (try Numbers.integers(directory.path.appending("leaf.i32"))))

    let predictions = scorer.predictions(rows, rows: count)
    let wanted = try Numbers.floats(directory.path.appending("prediction.f32"))
    if kind == "softmax" {
      // XGBoost returns the class itself here.
      let classes = (0..<count).map { row in
        let part = predictions[(row * 4)..<(row * 4 + 4)]
        return Float(part.firstIndex(of: part.max()!)! - row * 4)
      }
      #expect(classes == wanted)
    } else {
      let far = zip(predictions, wanted).filter { abs($0 - $1) > 1e-6 * max(1, abs($1)) }
      #expect(far.isEmpty, "\(far.count) predictions are off by more than 1e-6")
    }
  }

  @Test("a CSV with category names scores the same as codes, in order, on any number of threads", arguments: [1, 2, 5])
  func batch(threads: Int) async throws {
    let directory = try TemporaryDirectory()
    let script = PackageRoot.path(#filePath).appending("Tests/OpzFormatsTests/Fixtures/oracle.py")
    let result = try await blocking { try Python.run([script.string, "categorical", directory.path.string]) }
    try #require(result.status == 0, "\(result.errorText)")
    let model = try ModelFormats.standard.load(directory.path.appending("model.json")).model
    var options = BatchScoring.Options()
    options.kind = .margin
    options.threads = threads
    let table = try FileBlob(directory.path.appending("rows.csv"))
    var sink = CollectingSink()
    let batch = try BatchScoring(model, options)
    let rows = try batch.run(try table.open(at: 0), to: &sink).rows
    let lines = sink.text.split(separator: "\n")
    #expect(lines.first == "margin")
    let margins = lines.dropFirst().compactMap { Float($0) }
    #expect(margins.count == rows)
    #expect(margins == (try Numbers.floats(directory.path.appending("margin.f32"))))
  }
}
