import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("The command opz score")
struct ScoreCommandTests {
  let opz: Command
  let model: String

  init() throws {
    opz = try Command()
    model = try opz.directory.write("model.json", HandMadeModel.json()).string
  }

  private func score(_ csv: String, _ arguments: String...) throws -> ChildProcess.Output {
    try opz.run(["score", model, "--input", "-", "--kind", "margin"] + arguments, input: csv)
  }

  @Test("a value that begins with a dash is taken as written")
  func missing() throws {
    let result = try score("a,b\n-1,2\n0.5,NA\n", "--missing", "-1", "--missing=NA")
    #expect(result.text == "margin\n-0.875\n1.125\n", "\(result.errorText)")
    #expect(try score("a,b\n-,2\n", "--missing", "-").text == "margin\n-0.875\n")
  }

  @Test("every option of the table reaches the scorer")
  func options() throws {
    let result = try score(
      "7;'x';0,5;9\n", "--delimiter", ";", "--quote", "'", "--decimal", ",", "--header", "none", "--columns", "b=4",
      "--ignore", "1", "--keep", "2", "--unseen", "missing")
    #expect(result.text == "x;1,125\n", "\(result.errorText)")
    let leaf = try opz.run(["score", model, "--input", "-", "--kind", "leaf"], input: "a,b\n0,0\n")
    #expect(leaf.text == "leaf_0,leaf_1\n1,0\n")
  }

  @Test("up to the best iteration that the file records, or all of them with a remark")
  func iterations() throws {
    try opz.directory.write(
      "model.json", HandMadeModel.json().replacing("\"attributes\":{}", with: #""attributes":{"best_iteration":"0"}"#))
    let all = try score("a,b\n0,0\n")
    #expect(all.text == "margin\n-0.875\n")
    #expect(
      all.errorText.contains("the file's best iteration is 0 of 2, counted from 0: all 2 are scored"),
      "\(all.errorText)")
    #expect(try score("a,b\n0,0\n", "--iterations", "best").text == "margin\n-1.0\n")
    let inspected = try opz.run(["inspect", model, "--iterations", "best"])
    #expect(inspected.text.contains("trees      1\n"), "\(inspected.text)")
    #expect(try score("a,b\n0,0\n", "--iterations", "1").status == 64)
  }

  @Test("bad rows go to a file, and the remark counts them")
  func rejects() throws {
    let result = try score("a,b\n0,0\nx,1\n0.5,2\n", "--rejects", "bad.csv")
    #expect(result.status == 0 && result.text == "margin\n-0.875\n1.125\n")
    #expect(result.errorText.contains("2 rows, 1 rejected: bad.csv"))
    let rejects = String(decoding: try FileBlob(opz.directory.path.appending("bad.csv")).bytes(), as: UTF8.self)
    #expect(rejects == "line,column,reason,record\n3,a,\"\"\"x\"\" is not a number\",\"x,1\"\n")
    let failed = try score("a,b\n0,0\nx,1\n")
    #expect(failed.status == 1 && failed.errorText.contains("line 3, column a: \"x\" is not a number"))
  }

  @Test(
    "compressed tables are recognized by their content, from a file and from standard input",
    arguments: ["gzip", "zstd -q"])
  func compressed(program: String) throws {
    try opz.directory.write("rows.csv", "a,b\n" + String(repeating: "0,0\n0.5,2\n", count: 50_000))
    let wanted = "margin\n" + String(repeating: "-0.875\n1.125\n", count: 50_000)
    for input in ["packed.csv", "-"] {
      let script =
        "\(program) -c rows.csv > packed.csv && '\(try BuiltPrograms.opz())' score model.json --kind margin --input \(input) < packed.csv"
      let result = try ChildProcess.run(
        ["bash", "-c", script], environment: opz.environment.map { "\($0.key)=\($0.value)" },
        directory: opz.directory.path)
      #expect(result.text == wanted, "\(result.errorText)")
    }
    let cut = try ChildProcess.run(
      [
        "bash", "-c", "head -c 40 packed.csv > cut.csv; '\(try BuiltPrograms.opz())' score model.json --input cut.csv",
      ],
      environment: opz.environment.map { "\($0.key)=\($0.value)" }, directory: opz.directory.path)
    #expect(cut.status != 0 && cut.errorText.contains("cut.csv"), "\(cut.errorText)")
  }

  @Test(
    "wrong usage is refused with what is possible",
    arguments: [
      (["--kind", "label"], "it has probability, margin, leaf"), (["--delimiter", "ab"], "--delimiter"),
      (["--columns", "c=x"], "the model has a, b"), (["--rejects", "-"], "the same file"), (["--kind", "x"], "--kind"),
      (["--unseen", "x"], "--unseen"), (["--header", "x"], "--header"),
    ])
  func usage(arguments: [String], says: String) throws {
    let result = try opz.run(["score", model, "--input", "-"] + arguments, input: "a,b\n0,0\n")
    #expect(result.status == 64 && result.errorText.contains(says), "\(result.status) \(result.errorText)")
  }
}
