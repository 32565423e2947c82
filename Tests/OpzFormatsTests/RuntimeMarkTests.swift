import OpzFormats
import OpzModel
import OpzTestKit
import Testing

@Suite("What a server program says that it reads")
struct RuntimeMarkTests {
  @Test("the text of a program is what the list of formats reads, and is found in the program's file")
  func text() throws {
    let directory = try TemporaryDirectory()
    // The mark stands across two of the pieces in which a file is read, behind a beginning that is no mark.
    let padding = String(repeating: "x", count: (1 << 20) - 40) + "opz-runtime-reads:X;graph=1;"
    let program = try directory.write("server", padding + "\(RuntimeMark.text)" + padding)
    #expect(try RuntimeMark(program: program) == RuntimeMark(.standard))
    let older = try directory.write("older", "no mark")
    #expect(try RuntimeMark(program: older) == .unmarked)
    let before = try RuntimeMark(program: try directory.write("before", "opz-runtime-reads:onnx;graph=1;workersx"))
    #expect(before == RuntimeMark(formats: ["onnx"], graph: 1) && before.workers == 0)
    let text = "opz-runtime-reads:onnx;graph=1;workers=1;contracts;"
    let workers = try RuntimeMark(program: try directory.write("workers", text))
    #expect(workers.workers == 1 && workers.contract == 0)
    for (text, workers, unseen) in [
      ("workers=1;", 1, 0), ("workers=1;unseen=1;", 1, 1), ("workers=1;unseen=", 1, 0), ("unseen=1;", 0, 1),
      ("workers=x;unseen=1;", 0, 1), ("workers=1;later=5;", 1, 0), ("workers=99999999999999999999;", 0, 0),
    ] {
      let mark = try RuntimeMark(program: try directory.write("m", "opz-runtime-reads:onnx;graph=1;\(text)"))
      #expect(mark == RuntimeMark(formats: ["onnx"], graph: 1, workers: workers, unseen: unseen), "\(text)")
    }
  }

  @Test("an image's labels give it back; one without labels reads what was read before them")
  func labels() {
    let mark = RuntimeMark(.standard)
    #expect(RuntimeMark(labels: mark.labels) == mark)
    #expect(mark.labels["dev.opz.runtime.graph"] == "1")
    #expect(RuntimeMark(labels: [:]) == .unmarked && RuntimeMark.unmarked.labels.isEmpty)
    #expect(RuntimeMark(labels: ["dev.opz.runtime.formats": "a,b", "dev.opz.runtime.graph": "x"]).graph == 0)
  }

  @Test("a runtime is not for a model of another format, a later graph, or iterations that it does not know of")
  func objection() throws {
    let older = RuntimeMark.unmarked
    #expect(older.objection(to: "lightgbm", graph: 0, options: ReadingOptions()) != nil)
    #expect(older.objection(to: "xgboost-json", graph: 1, options: ReadingOptions()) != nil)
    #expect(older.objection(to: "xgboost-json", graph: 0, options: ReadingOptions()) == nil)
    let best = ReadingOptions(iterations: .best)
    #expect(older.objection(to: "xgboost-json", graph: 0, options: best)?.contains("all iterations") == true)
    let current = RuntimeMark(.standard)
    #expect(current.objection(to: "lightgbm", graph: GraphVersion.current, options: best) == nil)
    #expect(current.objection(to: "lightgbm", graph: GraphVersion.current + 1, options: best) != nil)
    #expect(current.objection(to: "made-up", graph: 0, options: best) != nil)
    let missing = ReadingOptions(unseen: .missing)
    #expect(current.objection(to: "lightgbm", graph: 1, options: missing) == nil)
    let marked = RuntimeMark(formats: ["lightgbm"], graph: GraphVersion.current, workers: 1)
    #expect(marked.objection(to: "lightgbm", graph: 1, options: missing)?.contains("unknown categories") == true)
    #expect(marked.objection(to: "lightgbm", graph: 1, options: ReadingOptions()) == nil)
  }

  @Test("what servers scored before the graph needs no version of it, and what came with it does")
  func version() throws {
    func version(_ text: String) throws -> Int {
      try ModelFormats.standard.read(Array(text.utf8), name: "m").model.graphVersion
    }
    #expect(try version(HandMadeModel.json()) == 0)
    #expect(try version(HandMadeModel.json(objective: "count:poisson")) == 0)
    // Before XGBoost 1.3 the base is added last.
    #expect(try version(HandMadeModel.json().replacing("[1,7,6]", with: "[1,0,2]")) == 1)
    #expect(try MadeUpFormat.formats.read(Array(MadeUpFormat.text.utf8), name: "m").model.graphVersion == 1)
  }
}
