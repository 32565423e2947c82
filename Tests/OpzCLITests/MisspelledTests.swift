import OpzIO
import OpzTestKit
import Testing

@testable import OpzCLI

@Suite("What was probably meant")
struct MisspelledTests {
  let opz: Command

  init() throws {
    opz = try Command()
    #expect(try opz("package", "p", "--quiet").status == 0)
  }

  @Test(
    "a word that is no command is answered with the nearest one",
    arguments: [
      (["pakcage"], "opz package?"), (["isnpect", "x"], "opz inspect?"), (["ls"], "opz list?"),
      (["build", "."], "opz package?"), (["predict"], "opz score?"), (["registry", "sevre"], "opz registry serve?"),
      (["runtime", "improt", "x"], "opz runtime import?"), (["help", "psuh"], "opz push?"),
      (["zzzzzz"], "opz --help"), (["--registry", "r", "list"], "opz list --registry DIR"),
      (["-q", "list"], "opz list -q"),
    ])
  func commands(arguments: [String], hint: String) throws {
    let result = try opz.run(arguments)
    #expect(result.status == 64 && result.text == "", "\(result.errorText)")
    #expect(result.errorText.contains("hint: ") && result.errorText.contains(hint), "\(result.errorText)")
  }

  @Test("a model behind a command that has subcommands is no misspelled subcommand")
  func modelBehindGroup() throws {
    let result = try opz("sql", "none.json", "--dialect", "sqlite", "--table", "t", "--key", "id")
    #expect(result.status == 2 && !result.errorText.contains("no such command"), "\(result.errorText)")
  }

  /// Commands that take a version, with `%` in its place.
  static let takers = [
    "show %", "test %", "history %", "sbom %", "scan %", "tag % a=b", "delete %", "dockerfile %", "request %",
    "push % registry.example/w", "rebase % --base scratch", "promote % --to a", "approve % --for a",
    "deploy % --image registry.example/w", "copy % oci:there",
  ]

  @Test(
    "a version in the form of other tools is answered with that of opz", arguments: takers,
    ["weights:1.0.0", "weights==1.0.0", "weights@1.0"])
  func versions(command: String, text: String) throws {
    let result = try opz.run(command.split(separator: " ").map { $0 == "%" ? text : String($0) })
    #expect(result.status == 64, "\(result.errorText)")
    #expect(result.errorText.contains("hint: write weights@1.0.0\n"), "\(result.errorText)")
  }

  @Test(
    "the nearest name of a model, a version or an alias is offered",
    arguments: [
      ("show", "weigths", "did you mean weights?"), ("show", "eigh", "did you mean weights?"),
      ("show", "Weights", "such as weights"), ("show", "weights@v1.0.0", "write weights@1.0.0"),
      ("show", "weights/1.0.0", "write weights@1.0.0"), ("show", "weights@champoin", "did you mean weights@champion?"),
      ("list", "weigths", "did you mean weights?"), ("history", "weigths", "did you mean weights?"),
    ])
  func names(command: String, name: String, hint: String) throws {
    #expect(try opz("alias", "weights", "champion", "1.0.0").status == 0)
    let result = try opz(command, name)
    #expect(result.status != 0 && result.errorText.contains(hint), "\(result.errorText)")
  }

  @Test(
    "each mistake in a reference has its own hint",
    arguments: [
      ("docker://registry.example/w:1", "write registry.example/w:1"),
      ("https://registry.example/w", "write registry.example/w"),
      ("registry.example:99999/w", "a number from 1 to 65535"),
      ("registry.example/Team/W:1", "write registry.example/team/w:1"),
      ("registry.example/w:\(String(repeating: "x", count: 129))", "129 characters"),
      ("registry.example/w@sha256:abc", "64 hexadecimal digits"), ("w:1", "docker.io/library/w:1"),
      ("oci-archive:w.tar", "opz copy NAME@VERSION oci-archive:w.tar writes there"), ("oci:dir", "opz copy"),
      ("oci:5000/w:-", "is not a tag"), ("docker-daemon:w:1", "write HOST/REPO:TAG"),
    ])
  func references(text: String, hint: String) throws {
    let result = try opz("push", "weights@1.0.0", text)
    #expect(result.status == 64 && result.errorText.contains(hint), "\(result.errorText)")
    let tag = try opz("push", "weights@1.0.0", "registry.example/w", "--tag", String(repeating: "x", count: 129))
    #expect(tag.status == 64 && tag.errorText.contains("129 characters"), "\(tag.errorText)")
  }

  @Test(
    "what is no directory of a project is said, and opz init is not advised for it",
    arguments: [
      (["package"], "nowhere", "nowhere: no such directory"), (["plan"], "nowhere", "nowhere: no such directory"),
      (["lock"], "nowhere", "nowhere: no such directory"), (["init"], "nowhere", "nowhere: no such directory"),
      (["package"], "p/weights.bin", "name the directory that it is in: "),
      (["init"], "p/weights.bin", "name the directory that it is in: "),
    ])
  func directories(command: [String], path: String, hint: String) throws {
    let result = try opz.run(command + [path])
    #expect(result.errorText.contains(hint) && !result.errorText.contains("opz init"), "\(result.errorText)")
  }

  @Test("a copy to no place lists the places that exist", arguments: ["w", "weights@2.0.0", "dir:x", "w:1"])
  func places(text: String) throws {
    let result = try opz("copy", "weights@1.0.0", text)
    #expect(result.status == 64, "\(result.errorText)")
    for place in ["HOST/REPO:TAG", "oci:DIR", "oci-archive:FILE", "docker-archive:FILE"] {
      #expect(result.errorText.contains(place), "\(result.errorText)")
    }
  }

  @Test("--version is the program's, and only opz package and its like have one of their own")
  func version() throws {
    #expect(try opz("--version").text == "opz \(Opz.version)\n")
    for command in ["list", "show", "push"] { #expect(try !opz("help", command).text.contains("--version")) }
    let lines = try opz("help", "package").text.split(separator: "\n").filter { $0.contains("  --version") }
    #expect(lines.count == 1)
  }

  @Test(
    "an option takes a value that begins with a hyphen", arguments: ["--missing", "--ignore", "--keep", "--columns"])
  func hyphens(option: String) throws {
    let model = PackageRoot.path(#filePath).appending("examples/churn/model.json").string
    let result = try opz("score", model, "--input", "-", option, "-1", input: "a\n1\n")
    #expect(!result.errorText.contains("Missing value"), "\(result.errorText)")
  }

  @Test("an error in JSON has its line, its column and what to do")
  func json() throws {
    try opz.directory.write("p/metrics.json", "{\n  \"auc\": 0.9,\n}\n")
    let result = try opz("package", "p", "--set", "lineage.metrics=metrics.json")
    #expect(result.status == 4, "\(result.errorText)")
    #expect(result.errorText.contains("metrics.json: not the expected JSON at line 3, column 1"), "\(result.errorText)")
    #expect(result.errorText.contains("hint: JSON has"), "\(result.errorText)")
  }
}
