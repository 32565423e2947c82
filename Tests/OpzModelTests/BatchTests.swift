import OpzFormats
import OpzIO
import OpzModel
import OpzTestKit
import Testing

@Suite("Batch scoring")
struct BatchTests {
  let model: Model

  init() throws { model = try ModelFormats.standard.read(Array(HandMadeModel.json().utf8), name: "model.json").model }

  func score(_ csv: String, _ change: (inout BatchScoring.Options) -> Void = { _ in }) throws -> String {
    var options = BatchScoring.Options()
    options.kind = .margin
    change(&options)
    var sink = CollectingSink()
    try BatchScoring(model, options).run(try BytesBlob(Array(csv.utf8)).open(at: 0), to: &sink)
    return sink.text
  }

  @Test(
    "tables in every CSV dialect",
    arguments: [
      "a,b\n0,0\n0.5,2\n", "a,b\r\n0,0\r\n0.5,2\r\n", "\u{feff}a,b\n0,0\n0.5,2", "b,a\n0,0\n2,0.5\n",
      "\"a\",\"b\"\n\"0\",\"0\"\n0.5,2\n",
      "a,b\n\n0,0\n\n0.5,2\n\n", "a,b\n0,0\n\"0.5\",2",
    ])
  func spellings(csv: String) throws {
    #expect(try score(csv) == "margin\n-0.875\n1.125\n")
  }

  @Test("empty cells and the sentinel are missing values")
  func missing() throws {
    #expect(try score("a,b\n,0\n-9,\n") { $0.missing = ["-9"] } == "margin\n-0.875\n-0.875\n")
    #expect(try score("a,b\n1,\n") == "margin\n1.125\n")
  }

  @Test("kept columns come before the score, quoted if necessary")
  func keep() throws {
    let csv = "id,a,note,b\n1,0,\"x, \"\"y\"\"\nz\",0\n2,0.5,,2\n"
    let text = try score(csv) {
      $0.keep = ["note", "id"]
      $0.kind = .leaf
    }
    #expect(text == "note,id,leaf_0,leaf_1\n\"x, \"\"y\"\"\nz\",1,1,0\n,2,4,0\n")
    #expect(try score("id,a,b\n7,0,0\n") { $0.ignore = ["id"] } == "margin\n-0.875\n")
  }

  @Test("probabilities and margins have enough digits to read back the same float")
  func digits() throws {
    let lines = try score("a,b\n0,0\n") { $0.kind = .probability }.split(separator: "\n")
    #expect(lines[0] == "probability")
    let scorer = Scorer(model)
    #expect(Float(lines[1]) == scorer.predictions([0, 0], rows: 1)[0])
  }

  @Test(
    "a mistake is an error that names the line or the columns",
    arguments: [
      ("", "no header"), ("a\n1\n", "missing: b"), ("a,b,c\n1,2,3\n", "unknown: c"),
      ("a,b,b\n1,2,3\n", "duplicate: b"),
      ("a,b\n1,2,3\n", "line 2: 3 fields"), ("a,b\n1,2\n1\n", "line 3: 1 fields"),
      ("a,b\n1,x\n", "line 2, column b: \"x\""),
      ("a,b\n1,\"2\n", "not closed"), ("a,b\n1,\"2\"x\n", "follows a closing quote"), ("a,b\n1,nan\n", "\"nan\""),
      ("a,b\n1,inf\n", "\"inf\""), ("a,b\n0x10,2\n", "\"0x10\""), ("a,b\n-0X1p3,2\n", "\"-0X1p3\""),
      ("a,b\n1e39,2\n", "float32"), ("a,b\n\"1\n\n\",2\n3,x\n", "line 2, column a"),
    ])
  func errors(csv: String, reason: String) {
    let error = #expect(throws: ModelError.self) { try score(csv) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
  }

  @Test("many rows keep their order and line numbers, whatever the number of threads", arguments: [1, 7])
  func order(threads: Int) throws {
    var random = SeededGenerator(seed: 5)
    var csv = "id,a,b\n"
    var rows: [Float] = []
    for row in 0..<6_000 {
      let (a, b) = (Float.random(in: -1...2, using: &random), Float.random(in: 0...4, using: &random))
      csv += "\"row\n\(row)\",\(a),\(b)\n"
      rows += [a, b]
    }
    let text = try score(csv) {
      $0.keep = ["id"]
      $0.threads = threads
      $0.chunk = 10_000
    }
    let expected = Scorer(model).margins(rows, rows: 6_000).enumerated().map { "\"row\n\($0)\",\($1)\n" }.joined()
    #expect(text == "id,margin\n" + expected)
    let broken = csv + "\"row\",x,1\n"
    let error = #expect(throws: ModelError.self) { try score(broken) { $0.ignore = ["id"] } }
    #expect(error?.subject == "line 12002, column a")
  }

  @Test("how a table is split into pieces changes neither scores nor errors", arguments: 0..<40)
  func pieces(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let cells = ["x", "\"x\"", "x\"", "\"\"", "\"a\"\"b\"", "\"a\nb\"", "a\"\"b", "\"a,\"", "", "é"]
    var csv = Bool.random(using: &random) ? "\u{feff}\"id\",a,b\n" : "id,a,b\n"
    for row in 0..<12 {
      let text = cells.randomElement(using: &random)!
      csv += "\(text),\(row),1\(row % 3 == 0 ? "\r\n" : "\n")"
    }
    // One in four has an error somewhere.
    if seed % 4 == 0 { csv.insert("\"", at: csv.indices.randomElement(using: &random)!) }
    func outcome(_ chunk: Int) -> String {
      do {
        return try score(csv) {
          $0.keep = ["id"]
          $0.chunk = chunk
        }
      } catch { return "\(error)" }
    }
    let whole = outcome(1 << 20)
    for chunk in [1, 2, 3, 5, 8, 13, 64] { #expect(outcome(chunk) == whole, "pieces of \(chunk) bytes of \(csv)") }
  }

  @Test("an endless record is refused in bounded memory")
  func endless() {
    let error = #expect(throws: ModelError.self) { try score("a,b\n\"" + String(repeating: "x", count: 17 << 20)) }
    #expect(error?.reason.contains("more than") == true)
  }

  @Test("a randomly changed table is scored or refused, never a trap", arguments: 0..<6)
  func mutated(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let original = Array("id,a,b\n1,0.5,\"2\"\n2,,3\n\"3\",1e3,-4\n".utf8)
    for _ in 0..<300 {
      var bytes = original
      for _ in 0...3 {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] = ",\"\n\r\u{0}ab019.é".utf8.randomElement(using: &random)!
      }
      var options = BatchScoring.Options()
      options.ignore = ["id"]
      var sink = CollectingSink()
      _ = try? BatchScoring(model, options).run(try BytesBlob(bytes).open(at: 0), to: &sink)
    }
  }
}
