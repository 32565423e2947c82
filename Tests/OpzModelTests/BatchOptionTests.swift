import OpzFormats
import OpzIO
import OpzModel
import OpzTestKit
import Testing

@Suite("Options of batch scoring")
struct BatchOptionTests {
  let trees: Model

  init() throws { trees = try ModelFormats.standard.read(Array(HandMadeModel.json().utf8), name: "model.json").model }

  private func score(
    _ csv: String, _ model: Model? = nil, change: (inout BatchScoring.Options) throws -> Void = { _ in }
  ) throws -> String {
    var options = BatchScoring.Options()
    if model == nil { options.kind = .margin }
    try change(&options)
    var sink = CollectingSink()
    try BatchScoring(model ?? trees, options).run(try BytesBlob(Array(csv.utf8)).open(at: 0), to: &sink)
    return sink.text
  }

  /// The scores and the rejected rows.
  private func rejecting(
    _ csv: String, _ model: Model? = nil, change: (inout BatchScoring.Options) throws -> Void = { _ in }
  ) throws -> (scores: String, rejects: String, BatchScoring.Summary) {
    var options = BatchScoring.Options()
    if model == nil { options.kind = .margin }
    try change(&options)
    var (sink, rejects) = (CollectingSink(), CollectingSink())
    let batch = try BatchScoring(model ?? trees, options)
    let summary = try batch.run(try BytesBlob(Array(csv.utf8)).open(at: 0), to: &sink, rejects: &rejects)
    return (sink.text, rejects.text, summary)
  }

  /// A model whose prediction is its inputs.
  private func identity(_ kinds: Model.Kind...) throws -> Model {
    var builder = try ModelBuilder(
      name: "m", inputs: kinds.enumerated().map { Model.Input(name: "i\($0)", kind: $1) })
    let node = try builder.add(.inputs(Array(kinds.indices)))
    try builder.addOutput(.prediction, node)
    return try builder.finish()
  }

  /// A model that has a number for each of two texts, and refuses others.
  private func texts() throws -> Model {
    var builder = try ModelBuilder(name: "m", inputs: [Model.Input(name: "t", kind: .text)])
    let input = try builder.add(.inputs([0]))
    let table = LookUp(
      keys: [.text("a,b"), .text("é")], values: [.number(1), .number(2)], otherwise: nil, missing: .number(9))
    try builder.addOutput(.prediction, try builder.add(.lookUp(table), [input], as: .integer))
    try builder.addOutput(.label, input)
    return try builder.finish()
  }

  // MARK: Dialects

  @Test(
    "tables of other dialects, and the output in the same one",
    arguments: [
      ("a;b\n0,5;2\n", ";", "\"", ",", "margin\n1,125\n"), ("a\tb\r\n0.5\t2\r\n", "tab", "\"", ".", "margin\n1.125\n"),
      ("'a','b'\n'0.5',2\n", ",", "'", ".", "margin\n1.125\n"),
      ("a|b\n\"0.5\"|\"2\"\n", "|", "\"", ".", "margin\n1.125\n"),
      ("a b\n0.5 2\n", "space", "\"", ".", "margin\n1.125\n"), ("a,b\n0.5,2\n", ",", "none", ".", "margin\n1.125\n"),
    ])
  func dialects(csv: String, delimiter: String, quote: String, decimal: String, wanted: String) throws {
    #expect(
      try score(csv) { $0.dialect = try CSVDialect(delimiter: delimiter, quote: quote, decimal: decimal) } == wanted)
  }

  @Test("kept columns are quoted as the dialect needs, and without quotes nothing is quoted")
  func keptDialect() throws {
    let kept = try score("id;a;b\n'x;''y''';0;0\nx\"y;0;0\n") {
      $0.dialect = try CSVDialect(delimiter: ";", quote: "'")
      $0.keep = ["id"]
    }
    #expect(kept == "id;margin\n'x;''y''';-0.875\nx\"y;-0.875\n")
    let plain = try score("id,a,b\n\"x,0,0\n") {
      $0.dialect = try CSVDialect(quote: "none")
      $0.keep = ["id"]
    }
    #expect(plain == "id,margin\n\"x,-0.875\n")
  }

  @Test(
    "a file that is no text is refused by what it is",
    arguments: [
      ([0x1f, 0x8b, 8, 0, 0], "gzip"), ([0x28, 0xb5, 0x2f, 0xfd, 0], "zstd"), ([0xff, 0xfe, 0x61, 0], "UTF-16"),
      ([0x50, 0x4b, 3, 4], "workbook"), ([0x50, 0x41, 0x52, 0x31], "Parquet"),
    ] as [([UInt8], String)])
  func otherFiles(bytes: [UInt8], name: String) throws {
    var sink = CollectingSink()
    let error = #expect(throws: ModelError.self) {
      try BatchScoring(trees).run(try BytesBlob(bytes).open(at: 0), to: &sink)
    }
    #expect(error?.reason.contains(name) == true && error?.hint != nil)
  }

  // MARK: Columns

  @Test("without a header, columns are found by position, and the output has no header either")
  func positions() throws {
    #expect(try score("0,0\n0.5,2\n") { $0.header = .none } == "-0.875\n1.125\n")
    #expect(
      try score("7,0,x,0\n8,0.5,\"y,\",2\n") {
        $0.header = .none
        $0.keep = ["3", "1"]
      } == "x,7,-0.875\n\"y,\",8,1.125\n")
    #expect(
      try score("2,0.5,9\n") {
        $0.header = .none
        $0.columns = ["b=1"]
        $0.ignore = ["3"]
      } == "1.125\n")
    // A kept column is also an input where there would be too few.
    #expect(
      try score("0.5,2\n") {
        $0.header = .none
        $0.keep = ["1"]
      } == "0.5,1.125\n")
  }

  @Test("inputs whose names were made up are found by position where no column has such a name")
  func nameless() throws {
    let json = HandMadeModel.json().replacing("\"a\",\"b\"", with: "")
      .replacing("\"float\",\"float\"", with: "")
    let model = try ModelFormats.standard.read(Array(json.utf8), name: "model.json").model
    #expect(model.inputs.map(\.name) == ["f0", "f1"])
    for header in ["f0,f1", "age,income"] {
      #expect(try score("\(header)\n0.5,2\n", model) { $0.kind = .margin } == "margin\n1.125\n")
    }
    let swapped = try score("f1,f0\n2,0.5\n", model) { $0.kind = .margin }
    #expect(swapped == "margin\n1.125\n")
    let kept = try score("id,age,income\n7,0.5,2\n", model) {
      $0.kind = .margin
      $0.keep = ["id"]
    }
    #expect(kept == "id,margin\n7,1.125\n")
    let error = #expect(throws: ModelError.self) { try score("x,y,z\n1,2,3\n", model) { $0.kind = .margin } }
    #expect(error?.reason.contains("3 columns for the model's 2 inputs") == true)
  }

  @Test("an input is read from a column of another name, also one with an equals sign")
  func renamed() throws {
    #expect(try score("b,x\n2,0.5\n") { $0.columns = ["a=x"] } == "margin\n1.125\n")
    #expect(try score("b,x=y\n2,0.5\n") { $0.columns = ["a=x=y"] } == "margin\n1.125\n")
    var builder = try ModelBuilder(name: "m", inputs: [Model.Input(name: "a=b", kind: .number(.float64))])
    try builder.addOutput(.prediction, try builder.add(.inputs([0])))
    #expect(try score("c\n7\n", builder.finish()) { $0.columns = ["a=b=c"] } == "prediction\n7.0\n")
  }

  @Test(
    "an option that fits neither model nor table is refused",
    arguments: [
      (["c=x"], [], [], "the model has no input 'c'"), (["a"], [], [], "'a' is not INPUT=COLUMN"),
      (["a=x", "a=y"], [], [], "two columns for the input 'a'"), (["a=z"], [], [], "missing: z (for a)"),
      (["a=x", "b=x"], [], [], "'x' is read for two inputs"), (["a=x"], ["z"], [], "to keep, but missing: z"),
      (["a=x"], ["x", "x"], [], "'x' is named twice"),
    ] as [([String], [String], [String], String)])
  func wrongColumns(columns: [String], keep: [String], ignore: [String], reason: String) throws {
    let error = #expect(throws: ModelError.self) {
      try score("x,b\n0.5,2\n") {
        $0.columns = columns
        $0.keep = keep
        $0.ignore = ignore
      }
    }
    #expect(error?.reason.contains(reason) == true, "\(error?.description ?? "")")
  }

  @Test("a position that does not exist, and too many columns, are refused")
  func wrongPositions() {
    let none = #expect(throws: ModelError.self) {
      try score("1,2\n") {
        $0.header = .none
        $0.ignore = ["id"]
      }
    }
    #expect(none?.hint?.contains("1 to 2") == true)
    let many = #expect(throws: ModelError.self) { try score("1,2,3\n") { $0.header = .none } }
    #expect(many?.subject == "line 1" && many?.reason.contains("3 columns for the model's 2 inputs") == true)
    let short = #expect(throws: ModelError.self) { try score("1,2\n1\n") { $0.header = .none } }
    #expect(short?.reason == "1 fields where the first record has 2")
    let other = #expect(throws: ModelError.self) { try score("a;b\n1;2\n") }
    #expect(other?.hint?.contains("--delimiter") == true)
  }

  // MARK: What is computed

  @Test("a kind that the model does not have is refused with the list of what it has")
  func kinds() throws {
    for kind in [BatchScoring.Kind.label, .prediction, .distance] {
      let error = #expect(throws: ModelError.self) { try score("a,b\n0,0\n") { $0.kind = kind } }
      #expect(error?.subject == "--kind" && error?.category == .usage)
      #expect(error?.hint == "it has probability, margin, leaf")
    }
    let identity = try identity(.number(.float32))
    let error = #expect(throws: ModelError.self) { try score("i0\n1\n", identity) { $0.kind = .leaf } }
    #expect(error?.hint == "it has prediction")
    #expect(try score("a,b\n0,0\n") { $0.kind = nil }.hasPrefix("probability\n"))
    #expect(try score("a,b\n0,0\n") { $0.kind = .leaf } == "leaf_0,leaf_1\n1,0\n")
  }

  @Test("labels are written as texts and whole numbers")
  func labels() throws {
    let model = try texts()
    #expect(try score("t\n\"a,b\"\né\n\n\"\"\n", model) == "prediction\n1\n2\n9\n")
    #expect(try score("t\n\"a,b\"\né\n", model) { $0.kind = .label } == "label\n\"a,b\"\né\n")
  }

  @Test("numbers keep float64 where the model has float64, and are rounded to float32 where it has that")
  func precision() throws {
    let model = try identity(.number(.float64), .number(.float32), .number(.integer))
    #expect(
      try score("i0,i1,i2\n0.1,0.1,7\n16777217,16777217,9007199254740992\n,,\n", model)
        == "prediction_0,prediction_1,prediction_2\n0.1,0.10000000149011612,7.0\n16777217.0,16777216.0,9007199254740992.0\nnan,nan,nan\n"
    )
    #expect(try score("i0\n0.1\n", try identity(.number(.float32))) == "prediction\n0.1\n")
    for (row, reason) in [
      ("1e309,0,0", "float64"), ("0,1e39,0", "float32"), ("0,0,1.5", "not a whole number"), ("0,0,1e17", "2^53"),
    ] {
      let error = #expect(throws: ModelError.self) { try score("i0,i1,i2\n\(row)\n", model) }
      #expect(error?.reason.contains(reason) == true, "\(error?.description ?? "")")
    }
  }

  // MARK: Cells

  @Test("texts that mean missing are compared as they are written, beside the empty cell")
  func missing() throws {
    let model = try identity(.number(.float32), .categorical(["-1", "b"], unseen: .refused))
    #expect(
      try score("i0,i1\n-1,b\nNA,-1\n\"-1\",\"b\"\n-1.0,NA\n,\n", model) { $0.missing = ["-1", "NA"] }
        == "prediction_0,prediction_1\nnan,1.0\nnan,nan\nnan,1.0\n-1.0,nan\nnan,nan\n")
  }

  @Test(
    "an unseen category is what the library makes of it, unless the user decides",
    arguments: [
      (.missing, .library, "nan"), (.code, .library, "-1.0"), (.refused, .library, nil), (.missing, .error, nil),
      (.code, .error, nil), (.refused, .missing, "nan"), (.code, .missing, "nan"),
    ] as [(Model.Unseen, RowEncoder.UnseenRule, String?)])
  func unseen(own: Model.Unseen, rule: RowEncoder.UnseenRule, wanted: String?) throws {
    let model = try identity(.categorical(["x", "7"], unseen: own))
    let csv = "i0\n7\n7.0\nnew\n"
    if let wanted {
      #expect(try score(csv, model) { $0.unseen = rule } == "prediction\n1.0\n1.0\n\(wanted)\n")
    } else {
      let error = #expect(throws: ModelError.self) { try score(csv, model) { $0.unseen = rule } }
      #expect(error?.subject == "line 4, column i0" && error?.hint == "it has x, 7")
    }
  }

  @Test("codes of categories that the model has no texts for")
  func codes() throws {
    let model = try identity(.categorical([], unseen: .refused))
    #expect(try score("i0\n3\n1e2\n16777215\n", model) == "prediction\n3.0\n100.0\n16777215.0\n")
    for cell in ["-1", "1.5", "16777216", "x"] {
      #expect(throws: ModelError.self) { try score("i0\n\(cell)\n", model) }
      #expect(try score("i0\n\(cell)\n", model) { $0.unseen = .missing } == "prediction\nnan\n")
    }
  }

  // MARK: Rejected rows

  @Test("bad rows are left out and listed with line, column, reason and record")
  func rejects() throws {
    let csv = "id,a,b\n1,0,0\n2,x,0\n\"3\n\",0\n4,0.5,2\n5,0,1e39\n6,0,0,0\n7,\"0\"y,0\n8,0,0\n9,\"0,0\n"
    let (scores, rejects, summary) = try rejecting(csv) { $0.keep = ["id"] }
    #expect(scores == "id,margin\n1,-0.875\n4,1.125\n8,-0.875\n")
    #expect(summary.rows == 3 && summary.rejected == 6)
    #expect(rejects.hasPrefix("line,column,reason,record\n"))
    #expect(rejects.contains("3,a,\"\"\"x\"\" is not a number\",\"2,x,0\"\n"))
    #expect(rejects.contains("4,,2 fields where the header has 3,\"\"\"3\n\"\",0\"\n"))
    #expect(rejects.contains("7,b,") && rejects.contains("float32"))
    #expect(rejects.contains("8,,4 fields where the header has 3,\"6,0,0,0\"\n"))
    #expect(rejects.contains("9,,text follows a closing quote,\"7,\"\"0\"\"y,0\"\n"))
    #expect(rejects.contains("11,,a quote is not closed,\"9,\"\"0,0\"\n"))
  }

  @Test("rows that the model itself refuses are errors, or rejected in their order")
  func refused() throws {
    let model = try texts()
    let error = #expect(throws: ModelError.self) { try score("t\né\nnew\n", model) }
    #expect(error?.subject == "line 3" && error?.reason.contains("\"new\" is a category") == true)
    let (scores, rejects, summary) = try rejecting("t\nnew\né\na,b\n\"a,b\"\nold\n", model)
    #expect(scores == "prediction\n2\n1\n")
    #expect(summary.rows == 2 && summary.rejected == 3)
    #expect(rejects.split(separator: "\n").dropFirst().map { $0.prefix(1) } == ["2", "4", "6"])
  }

  @Test("rejected rows keep their lines and order, whatever the pieces and threads", arguments: [1, 7, 64, 1000])
  func rejectsInPieces(chunk: Int) throws {
    var csv = "id,a,b\n"
    var bad: [Int] = []
    for row in 0..<500 {
      let isBad = row % 7 == 3
      csv += "\"r\n\(row)\",\(isBad ? "x" : "0"),0\n"
      if isBad { bad.append(2 + row * 2) }
    }
    let (scores, rejects, summary) = try rejecting(csv) {
      $0.chunk = chunk
      $0.threads = 3
      $0.ignore = ["id"]
    }
    #expect(summary.rows + summary.rejected == 500 && summary.rejected == bad.count)
    #expect(scores.split(separator: "\n").count == summary.rows + 1)
    let found = rejects.split(separator: "\n").compactMap { $0.split(separator: ",").first.flatMap { Int($0) } }
    #expect(found == bad)
  }

  @Test("a table that does not fit as a whole is an error even so")
  func wholeTable() {
    for csv in ["", "a,c\n1,2\n", "\n\n"] { #expect(throws: ModelError.self) { try rejecting(csv) } }
  }

  // MARK: Hostile tables

  @Test("tables of empty lines, one column or endless bad rows take neither much time nor memory")
  func hostile() throws {
    let empty = String(repeating: "\n", count: 3_000_000)
    #expect(try score(empty + "a,b\n" + empty + "0,0\n" + empty) == "margin\n-0.875\n")
    let bad = "a,b\n" + String(repeating: "x\n", count: 300_000)
    #expect(try rejecting(bad).2.rejected == 300_000)
    let quotes = "a,b\n" + String(repeating: "\"\n", count: 300_000)
    #expect(try rejecting(quotes).2.rejected > 0)
    let inputs = (0..<200_000).map { Model.Input(name: "i\($0)", kind: .number(.float32)) }
    var builder = try ModelBuilder(name: "m", inputs: inputs)
    try builder.addOutput(.prediction, try builder.add(.inputs([0])))
    let wide = inputs.map(\.name).joined(separator: ",") + "\n" + String(repeating: "1\n", count: 100_000)
    #expect(try rejecting(wide, builder.finish()).2.rejected == 100_000)
  }

  @Test("a randomly changed table with rejects is split into scored and rejected rows, never a trap", arguments: 0..<6)
  func mutated(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let original = Array("id,a,b\n1,0.5,\"2\"\n2,,3\r\n\"3\n\",1e3,-4\n".utf8)
    for _ in 0..<300 {
      var bytes = original
      for _ in 0...3 {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] = ",\"\n\r\u{0}ab019.é".utf8.randomElement(using: &random)!
      }
      func outcome(_ chunk: Int) -> String {
        var options = BatchScoring.Options()
        options.ignore = ["id"]
        options.chunk = chunk
        var (sink, rejects) = (CollectingSink(), CollectingSink())
        do {
          let summary = try BatchScoring(trees, options).run(
            try BytesBlob(bytes).open(at: 0), to: &sink, rejects: &rejects)
          return "\(summary)\n\(sink.text)\n\(rejects.text)"
        } catch { return "\(error)" }
      }
      let whole = outcome(1 << 16)
      for chunk in [1, 5, 16] { #expect(outcome(chunk) == whole, "pieces of \(chunk) of \(bytes)") }
    }
  }
}
