import OpzIO
import OpzTestKit
import Testing

@testable import OpzCLI

@Suite("Output on a terminal")
struct TerminalOutputTests {
  private static let digest = "sha256:" + String(repeating: "0123456789abcdef", count: 4)

  private func table() -> TextTable {
    var table = TextTable(["LAYER", "SIZE", "DIGEST", "WHAT"], right: [1])
    table.add(["model", "228.7 KiB", Self.digest, "the files of the model, which were built because they changed"])
    table.add(["environment", "1 B", Self.digest, "short"])
    return table
  }

  @Test("a table fits its terminal: digests are short and cells wrapped", arguments: [40, 60, 80, 120, 200])
  func fits(width: Int) {
    let lines = table().text(width: width).split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= max(width, 58) }, "\(lines)")
    #expect(lines.joined().contains(Self.digest) == (width == 200))
    #expect(lines.first?.contains("LAYER") == true && lines.contains { $0.contains("sha256:01234") })
  }

  @Test("in a pipe each row is one line with whole digests")
  func whole() {
    let lines = table().text(width: nil).split(separator: "\n")
    #expect(lines.count == 3 && lines[1].contains(Self.digest) && lines[1].hasSuffix("changed"))
  }

  @Test(
    "text is wrapped between words, and a long word is cut",
    arguments: [
      ("a b c", 10, ["a b c"]), ("one two three", 7, ["one two", "three"]), ("abcdefgh", 3, ["abc", "def", "gh"]),
      ("x abcdefgh y", 4, ["x", "abcd", "efgh", "y"]), ("", 3, [""]),
    ])
  func wrapped(text: String, width: Int, lines: [String]) {
    #expect(WrappedText.lines(text, width: width) == lines)
  }

  @Test(
    "color is for terminals; NO_COLOR and CLICOLOR_FORCE decide otherwise",
    arguments: [
      (true, [:], true), (false, [:], false), (true, ["NO_COLOR": "1"], false), (true, ["NO_COLOR": ""], true),
      (false, ["CLICOLOR_FORCE": "1"], true), (false, ["CLICOLOR_FORCE": "0"], false),
      (false, ["CLICOLOR_FORCE": "1", "NO_COLOR": "1"], false), (true, ["CLICOLOR": "0"], false),
      (true, ["TERM": "dumb"], false),
    ])
  func color(terminal: Bool, environment: [String: String], isColored: Bool) {
    #expect(LineStyle.isColored(terminal: terminal) { environment[$0] } == isColored)
  }

  @Test("only marks, headers and verdicts are styled")
  func styled() {
    #expect(
      LineStyle.note("error: x: y\n\nhint: z\n") == "\u{1B}[1;31merror:\u{1B}[0m x: y\n\n\u{1B}[1;36mhint:\u{1B}[0m z\n"
    )
    #expect(
      LineStyle.data("GATE  EVIDENCE\na     pass  x\n")
        == "\u{1B}[1mGATE  EVIDENCE\u{1B}[0m\na     \u{1B}[32mpass\u{1B}[0m  x\n")
    #expect(LineStyle.data("churn@1.0.0  sha256:0\n") == "churn@1.0.0  sha256:0\n")
  }

  private func onTerminal(_ opz: Command, _ arguments: [String], extra: [String: String] = [:]) throws -> String {
    let script = PackageRoot.path(#filePath).appending("Tests/OpzCLITests/Fixtures/terminal.py").string
    let result = try ChildProcess.run(
      ["python3", script, "--", try BuiltPrograms.opz().string] + arguments,
      environment: opz.environment.merging(extra) { $1 }.map { "\($0.key)=\($0.value)" }, directory: opz.directory.path)
    return result.text.replacing("\r\n", with: "\n")
  }

  @Test(
    "what commands print fits 80 columns of a real terminal",
    arguments: [
      ["list"], ["show", "weights"], ["history", "weights"], ["show", "weights", "--files"], ["plan", "p"],
      ["package", "p", "--set", "env={A: b}", "--quiet"], ["cache", "list"], ["fsck"],
    ])
  func columns(arguments: [String]) throws {
    let opz = try Command()
    #expect(try opz("package", "p", "--quiet").status == 0)
    let shown = try onTerminal(opz, arguments, extra: ["NO_COLOR": "1"])
    #expect(!shown.isEmpty && !shown.contains("\u{1B}[1m"))
    for line in shown.split(separator: "\n") where !line.contains(opz.directory.path.string) {
      #expect(line.count <= 80, "\(line)")
    }
    let colored = try onTerminal(opz, ["show", "weights@9.9.9"], extra: ["TERM": "xterm"])
    #expect(colored.contains("\u{1B}[1;31merror:\u{1B}[0m"), "\(colored)")
    #expect(try !opz("show", "weights@9.9.9").errorText.contains("\u{1B}"))
  }

  @Test(
    "what commands print into a pipe has whole digests",
    arguments: [["list"], ["list", "weights"], ["show", "weights"]])
  func digests(arguments: [String]) throws {
    let opz = try Command()
    #expect(try opz("package", "p", "--quiet").status == 0)
    guard case .string(let digest)? = try opz.json("show", "weights")["digest"] else {
      Issue.record("no digest")
      return
    }
    let result = try opz.run(arguments)
    #expect(result.text.contains(digest) && digest.hasPrefix("sha256:"), "\(result.text)")
  }

  @Test("paths in messages have no dots that mean nothing", arguments: ["p", "./p", "./p/.", "./", "././p"])
  func dots(directory: String) throws {
    let opz = try Command()
    try opz.directory.write("p/opz.yaml", "opz: 1\nnmae: x\n")
    for command in ["package", "plan", "lock"] {
      let result = try opz(command, directory)
      #expect(result.status != 0 && !result.errorText.contains("/./"), "\(result.errorText)")
    }
    #expect(try !opz("list", "--registry", "./r").errorText.contains("/./"))
    // Of a model that is the project's own directory too.
    try opz.directory.write("p/opz.yaml", "opz: 1\nname: x\nmodel: {path: .}\nruntime: {kind: model}\ncode: [./a.py]\n")
    try opz.directory.write("p/a.py", "")
    let packaged = try opz("package", directory)
    #expect(!packaged.errorText.contains("/./"), "\(packaged.errorText)")
    #expect(try ChildProcess.run(["ln", "-s", "nowhere", "p/away"], directory: opz.directory.path).status == 0)
    let result = try opz("package", directory)
    #expect(result.status != 0 && !result.errorText.contains("/./"), "\(result.errorText)")
  }

  @Test(
    "names, versions and aliases are completed from the registry",
    arguments: [
      (["show"], "", ["weights"]), (["show"], "weights@", ["weights@champion", "weights@1.0.0"]),
      (["deploy"], "weights@", ["weights@champion", "weights@1.0.0"]), (["score"], "p/we", ["p/weights.bin"]),
    ])
  func completion(command: [String], prefix: String, wanted: [String]) throws {
    let opz = try Command()
    #expect(try opz("package", "p", "--quiet").status == 0)
    #expect(try opz("alias", "weights", "champion", "1.0.0").status == 0)
    var environment = opz
    environment.environment["SAP_SHELL"] = "bash"
    environment.environment["SAP_SHELL_VERSION"] = "5.2"
    let result = try environment.run(
      ["---completion"] + command
        + ["--", "positional@0", String(command.count), String(prefix.count), "opz"] + command + [prefix])
    #expect(result.status == 0, "\(result.errorText)")
    for name in wanted { #expect(result.text.split(separator: "\n").contains(Substring(name)), "\(result.text)") }
    environment.environment["OPZ_REGISTRY"] = "/nonexistent"
    let none = try environment.run(["---completion", "show", "--", "positional@0", "1", "0", "opz", "show", ""])
    #expect(none.status == 0 && none.errorText == "", "\(none.errorText)")
  }

  @Test("bash completes NAME@VERSION as one word")
  func bash() throws {
    let opz = try Command()
    #expect(try opz("package", "p", "--quiet").status == 0)
    let script = """
      PATH='\(try BuiltPrograms.opz().removingLastComponent())':$PATH
      . <(opz --generate-completion-script bash)
      COMP_WORDS=(opz show weights@); COMP_CWORD=2; COMP_LINE='opz show weights@'; COMP_POINT=17
      _opz opz weights@ show
      printf '%s\\n' "${COMPREPLY[@]}"
      _opz opz weights@ show
      case $COMP_WORDBREAKS in *@*) echo 'breaks at @';; esac
      """
    let result = try ChildProcess.run(
      ["bash", "-c", script], environment: opz.environment.map { "\($0.key)=\($0.value)" },
      directory: opz.directory.path)
    #expect(result.text == "weights@1.0.0\n", "\(result.text)\(result.errorText)")
  }
}
