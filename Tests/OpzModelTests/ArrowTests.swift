import OpzFormats
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzModel

/// Tables that pyarrow wrote (`scripts/make-arrow-fixtures`).
@Suite("Arrow tables")
struct ArrowTests {
  let trees: Model

  init() throws { trees = try ModelFormats.standard.read(Array(HandMadeModel.json().utf8), name: "model.json").model }

  private func fixture(_ name: String) throws -> [UInt8] {
    try FileBlob(PackageRoot.path(#filePath).appending("Tests/OpzModelTests/Fixtures/arrow/\(name)")).bytes()
  }

  private func score(
    _ bytes: [UInt8], _ model: Model? = nil, change: (inout BatchScoring.Options) -> Void = { _ in }
  ) throws -> [UInt8] {
    var options = BatchScoring.Options()
    if model == nil { options.kind = .margin }
    change(&options)
    var sink = CollectingSink()
    try BatchScoring(model ?? trees, options).run(try BytesBlob(bytes).open(at: 0), to: &sink)
    return sink.bytes
  }

  /// The cells of a table as texts, read by the reader itself: rows of columns.
  private func cells(_ bytes: [UInt8]) throws -> (names: [String], rows: [[String]]) {
    var reader = try ArrowReader(BytesBlob(bytes).open(at: 0))
    var rows: [[String]] = []
    while let batch = try reader.next() {
      for row in 0..<batch.count {
        rows.append(
          batch.columns.map { column in
            guard let column else { return "?" }
            if let text = column.text(row) { return String(decoding: text, as: UTF8.self) }
            return column.number(row).description
          })
      }
    }
    return (reader.fields.map(\.name), rows)
  }

  private static let types = [
    "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float", "double", "bool", "text",
    "large",
    "dictionary", "none", "numbers",
  ]

  @Test("every type is read as pyarrow wrote it, and other columns are passed over", arguments: ["arrow", "arrows"])
  func types(ending: String) throws {
    let (names, rows) = try cells(fixture("types.\(ending)"))
    #expect(names == ArrowTests.types + ["when", "list", "pair", "binary", "fixed", "day"])
    let others = Array(repeating: "?", count: 6)
    let whole = { (number: String) in Array(repeating: number, count: 8) }
    #expect(rows[0] == whole("1.0") + ["0.10000000149011612", "0.1", "1.0", "x", "x", "b", "nan", "8.0"] + others)
    #expect(rows[1] == Array(repeating: "nan", count: 16) + others)
    #expect(rows[2] == whole("3.0") + ["-2.5", "1e+300", "0.0", "é,\"", "", "a", "nan", "7.0"] + others)
  }

  @Test(
    "an Arrow table gives the scores of the same CSV table, in the form of the input", arguments: ["arrow", "arrows"])
  func rows(ending: String) throws {
    let input = try fixture("rows.\(ending)")
    let output = try score(input) {
      $0.keep = ["id", "a"]
      $0.threads = 3
    }
    #expect(output.starts(with: Array((ending == "arrow" ? "ARROW1" : "\u{0}").utf8)) == (ending == "arrow"))
    #expect(output.suffix(6).elementsEqual("ARROW1".utf8) == (ending == "arrow"))
    var csv = "id,a,b\n"
    for row in try cells(input).rows { csv += "\(row[0]),\(row[2] == "nan" ? "" : row[2]),\(row[1])\n" }
    let wanted = String(
      decoding: try score(Array(csv.utf8)) { $0.keep = ["id", "a"] }, as: UTF8.self
    ).split(separator: "\n").dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let found = try cells(output)
    #expect(found.names == ["id", "a", "margin"] && found.rows.count == 1000)
    for (one, other) in zip(found.rows, wanted) {
      #expect(
        one[0] == other[0] && Double(one[2]) == Double(other[2])
          && (Double(one[1]) == Double(other[1]) || other[1].isEmpty))
    }
  }

  @Test("all types are kept, nulls too")
  func kept() throws {
    var builder = try ModelBuilder(name: "m", inputs: [Model.Input(name: "double", kind: .number(.float64))])
    try builder.addOutput(.prediction, try builder.add(.inputs([0])))
    let others = ["when", "list", "pair", "binary", "fixed", "day"]
    let output = try score(fixture("types.arrows"), builder.finish()) {
      $0.keep = ArrowTests.types
      $0.ignore = others
    }
    let (wanted, found) = (try cells(fixture("types.arrows")), try cells(output))
    #expect(found.names == ArrowTests.types + ["prediction"])
    for (one, other) in zip(found.rows, wanted.rows) { #expect(one == Array(other[..<16]) + [other[9]]) }
    let error = #expect(throws: ModelError.self) {
      try score(fixture("types.arrows"), builder.finish()) { $0.keep = ArrowTests.types + others }
    }
    #expect(error?.subject == "column when" && error?.reason.contains("timestamp cannot be kept") == true)
  }

  @Test("texts, categories in every form, and what means missing")
  func categories() throws {
    var builder = try ModelBuilder(
      name: "m",
      inputs: [
        Model.Input(name: "dictionary", kind: .categorical(["a", "b"], unseen: .refused)),
        Model.Input(name: "numbers", kind: .categorical(["7", "8"], unseen: .refused)),
        Model.Input(name: "text", kind: .categorical(["é,\"", "x"], unseen: .refused)),
        Model.Input(name: "int8", kind: .number(.float32)),
      ])
    try builder.addOutput(.prediction, try builder.add(.inputs([0, 1, 2, 3])))
    let model = try builder.finish()
    let rest = Set(try cells(fixture("types.arrows")).names).subtracting(["dictionary", "numbers", "text", "int8"])
    let plain = try cells(score(fixture("types.arrows"), model) { $0.ignore = Array(rest) })
    #expect(
      plain.rows == [["1.0", "1.0", "1.0", "1.0"], ["nan", "nan", "nan", "nan"], ["0.0", "0.0", "0.0", "3.0"]])
    let missing = try cells(
      score(fixture("types.arrows"), model) {
        $0.ignore = Array(rest)
        $0.missing = ["b", "3"]
      })
    #expect(missing.rows[0] == ["nan", "1.0", "1.0", "1.0"] && missing.rows[2] == ["0.0", "0.0", "0.0", "nan"])
  }

  @Test("bad rows are errors with their number, or rejected")
  func rejects() throws {
    var builder = try ModelBuilder(
      name: "m", inputs: [Model.Input(name: "id", kind: .categorical((0..<998).map { "r\($0)" }, unseen: .refused))])
    try builder.addOutput(.prediction, try builder.add(.inputs([0])))
    let model = try builder.finish()
    let error = #expect(throws: ModelError.self) {
      try score(fixture("rows.arrows"), model) { $0.ignore = ["a", "b"] }
    }
    #expect(error?.subject == "row 999, column id")
    var options = BatchScoring.Options()
    options.ignore = ["a", "b"]
    var (sink, rejects) = (CollectingSink(), CollectingSink())
    let summary = try BatchScoring(model, options).run(
      BytesBlob(fixture("rows.arrow")).open(at: 0), to: &sink, rejects: &rejects)
    #expect(summary.rows == 998 && summary.rejected == 2)
    #expect(rejects.text.hasPrefix("line,column,reason,record\n999,id,") && rejects.text.contains("\n1000,id,"))
    #expect(try cells(sink.bytes).rows.count == 998)
  }

  @Test(
    "what is not read is refused by name, with a hint",
    arguments: [
      ("lz4.arrow", "compressed with lz4"), ("zstd.arrow", "compressed with zstd"), ("views.arrows", "text view"),
      ("types.arrows", "missing: a, b"),
    ])
  func refused(name: String, reason: String) throws {
    let error = #expect(throws: ModelError.self) { try score(fixture(name)) { $0.ignore = ["id"] } }
    #expect(error?.reason.contains(reason) == true && error?.hint != nil, "\(error?.description ?? "")")
  }

  @Test("tables without rows, and slices, whose buffers begin elsewhere")
  func small() throws {
    #expect(try cells(score(fixture("empty.arrows")) { $0.ignore = ["id"] }).rows == [])
    let wanted = try score(Array("a,b\n0.25,1\n9.0,3\n".utf8))
    let found = try cells(score(fixture("sliced.arrows"))).rows.map { Float($0[0]) }
    #expect(found == String(decoding: wanted, as: UTF8.self).split(separator: "\n").dropFirst().map { Float($0) })
  }

  @Test("a changed or cut table is scored or refused, never a trap", arguments: 0..<8)
  func mutated(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let names = ["types.arrows", "types.arrow", "sliced.arrows", "rows.arrows", "lz4.arrow"]
    let original = try fixture(names[Int(seed) % names.count])
    var builder = try ModelBuilder(
      name: "m",
      inputs: [
        Model.Input(name: "dictionary", kind: .text), Model.Input(name: "double", kind: .number(.float64)),
        Model.Input(name: "numbers", kind: .categorical(["7"], unseen: .missing)),
      ])
    try builder.addOutput(.prediction, try builder.add(.inputs([1, 2])))
    try builder.addOutput(.label, try builder.add(.inputs([0])))
    let model = seed % 5 < 2 ? try builder.finish() : trees
    for _ in 0..<150 {
      var bytes = original
      for _ in 0...Int.random(in: 0...3, using: &random) {
        // Most changes go into the descriptions, which are the first bytes.
        let end = Bool.random(using: &random) ? min(2500, bytes.count) : bytes.count
        bytes[Int.random(in: 0..<end, using: &random)] = UInt8(truncatingIfNeeded: random.next())
      }
      if Int.random(in: 0..<4, using: &random) == 0 {
        bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
      }
      _ = try? score(bytes, model) {
        $0.ignore = Array(
          Set(ArrowTests.types + ["id", "when", "list", "pair", "binary", "fixed", "day"])
            .subtracting(model.inputs.map(\.name)))
        $0.kind = seed % 2 == 0 ? nil : model.outputs.last.flatMap { BatchScoring.Kind(rawValue: $0.kind.rawValue) }
      }
    }
  }

  @Test("a batch that says it has more rows than its buffers have takes no memory")
  func many() throws {
    // A record batch of 2^31 - 1 nulls, which need no buffer.
    var writer = ArrowWriter([("a", .float64), ("b", .float64)], isFile: false)
    var bytes = writer.begin()
    let batch = ArrowWriter.batch([.fixed([], valid: nil), .fixed([], valid: nil)], rows: Int(Int32.max))
    bytes += batch.head + batch.body + writer.end()
    #expect(throws: ModelError.self) { try score(bytes) }
  }
}
