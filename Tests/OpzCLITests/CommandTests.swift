import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

/// Runs the real program.
struct Command {
  let directory: TemporaryDirectory
  var environment: [String: String]

  init() throws {
    directory = try TemporaryDirectory()
    environment = [
      "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": directory.path.string,
      "OPZ_REGISTRY": "\(directory.path)/registry",
    ]
    try directory.write("p/weights.bin", "weights")
    try directory.write("p/opz.yaml", "opz: 1\nname: weights\nmodel: {path: weights.bin}\nruntime: {kind: model}\n")
  }

  func callAsFunction(_ arguments: String..., input: String = "") throws -> ChildProcess.Output {
    try run(arguments, input: input)
  }

  func run(_ arguments: [String], input: String = "") throws -> ChildProcess.Output {
    try ChildProcess.run(
      [try BuiltPrograms.opz().string] + arguments, input: Array(input.utf8),
      environment: environment.map { "\($0.key)=\($0.value)" }, directory: directory.path)
  }

  func json(_ arguments: String...) throws -> [String: JSONValue] {
    let result = try ChildProcess.run(
      [try BuiltPrograms.opz().string] + arguments + ["--json"],
      environment: environment.map { "\($0.key)=\($0.value)" },
      directory: directory.path)
    try #require(result.status == 0, "\(result.errorText)")
    return try CanonicalJSON.decode([String: JSONValue].self, from: result.output, subject: "output")
  }
}

@Suite("The command opz")
struct CommandTests {
  let opz: Command

  init() throws { opz = try Command() }

  static let commands = [
    "init", "inspect", "package", "dockerfile", "test", "runtime", "list", "show", "fsck", "push", "pull", "deploy",
    "serve",
    "score", "plan", "lock", "rebase", "history", "alias", "promote", "approve", "rollback", "tag", "delete", "gc",
    "export", "sign", "verify", "attest", "sbom", "scan", "registry", "lint", "resolve", "copy", "login", "logout",
    "doctor", "version", "cache",
  ]

  @Test("each command has help with an example", arguments: commands)
  func help(name: String) throws {
    let result = try opz("help", name)
    #expect(result.status == 0)
    #expect(result.text.contains("opz \(name)"), "no example")
    #expect(result.text.contains("OVERVIEW: "))
    #expect(result.errorText == "")
  }

  @Test("version, completions and the list of commands go to standard output")
  func general() throws {
    #expect(try opz("--version").text.hasPrefix("opz 0."))
    for shell in ["bash", "zsh", "fish"] {
      let script = try opz("--generate-completion-script", shell)
      #expect(script.status == 0 && script.text.contains("opz"))
    }
    let help = try opz("--help")
    #expect(help.status == 0)
    for name in CommandTests.commands { #expect(help.text.contains("  \(name) "), "\(name) is not listed") }
  }

  @Test(
    "exit codes tell kinds of failure apart",
    arguments: [
      (["package", "nowhere"], 2, "opz.yaml or a model"), (["show", "weights@9.9.9"], 2, "1.0.0"),
      (["show", "nothing"], 2, "it has weights"),
      (["show", "Bad Name"], 64, "lower-case"),
      (["package", "p", "--version", "1.0.0", "--set", "env={A: b}"], 3, "--version 1.0.1"),
      (["package", "p", "--set", "nmae=x"], 64, "name"), (["package", "p", "--output", "tar:x"], 64, "oci:DIR"),
      (["package", "p", "--tag", "no tag"], 64, "tag"), (["push", "weights@1.0.0"], 64, "HOST/REPO"),
      (["push", "weights@1.0.0", "weights:1"], 64, "HOST/REPO"), (["nonsense"], 64, ""),
      (["list", "--nonsense"], 64, ""),
      (["test", "weights@1.0.0"], 2, "holdout.csv"), (["deploy", "weights@1.0.0", "--image", "a.b/c"], 1, "native"),
      (["deploy", "weights@1.0.0", "--image", "a.b/c", "--target", "moon"], 64, "kubernetes"),
      (["deploy", "weights@1.0.0", "--image", "a.b/c", "--diff", "--apply"], 64, "--diff"),
      (["deploy", "weights@1.0.0", "--image", "a.b/c", "--form", "helm", "--output", "-"], 64, "plain"),
      (["deploy", "weights@1.0.0", "--image", "a.b/c", "--target", "kserve"], 1, "format"),
      (["rollback", "weights"], 64, "--deploy"), (["rollback", "weights", "--deploy"], 2, "opz deploy"),
      (["inspect", "p/weights.bin"], 1, "save_model"), (["inspect", "p/none"], 2, ""),
      (["score", "p/weights.bin", "--input", "-"], 1, ""), (["serve", "nothing@1.0.0"], 2, ""),
      (["pull", "weights"], 64, ""),
      (["dockerfile", "weights@1.0.0", "--output", "p"], 3, "not empty"),
      (["alias", "weights", "production", "9.9.9"], 2, "1.0.0"),
      (["alias", "weights", "1.0.0", "1.0.0"], 64, "champion"),
      (["alias", "weights", "a", "1.0.0", "--expect", "2.0.0"], 3, "history"), (["alias", "weights", "a"], 64, ""),
      (["show", "weights@production"], 2, "opz alias"), (["rollback", "weights", "--alias", "production"], 2, ""),
      (["promote", "weights@1.0.0", "--to", "a", "--policy", "none.yaml"], 2, ""),
      (["list", "--where", "a ="], 64, "column 4"), (["list", "--where", "auc > 1"], 64, "metrics.NAME"),
      (["list", "--sort", "-nothing"], 64, "created"), (["show", "weights", "--at", "noon"], 64, "2026-05-03"),
      (["show", "weights", "--at", "1999-01-01"], 2, "history"), (["delete", "weights@9.9.9"], 2, ""),
      (["delete", "weights"], 64, "weights@1.0.0"), (["tag", "weights", "x"], 64, "KEY=VALUE"),
      (["export"], 64, "--index"),
      (["fsck", "--from", "x"], 64, "--repair"),
      (["gc", "--grace", "-1"], 64, ""),
    ])
  func exitCodes(arguments: [String], code: Int32, hint: String) throws {
    _ = try opz("package", "p", "--quiet")
    let result = try ChildProcess.run(
      [try BuiltPrograms.opz().string] + arguments, environment: opz.environment.map { "\($0.key)=\($0.value)" },
      directory: opz.directory.path)
    #expect(result.status == code, "\(result.errorText)")
    #expect(result.text == "", "data on standard output of a failure")
    #expect(result.errorText.hasPrefix("error: "), "\(result.errorText)")
    #expect(hint.isEmpty || result.errorText.contains(hint), "\(result.errorText)")
    #expect(!result.errorText.contains("Fatal error"))
  }

  @Test("the JSON has name, version and digest; the digest file has the same digest")
  func json() throws {
    let package = try opz.json("package", "p", "--digest-file", "digest")
    #expect(package["name"] == .string("weights"))
    #expect(package["version"] == .string("1.0.0"))
    guard case .string(let digest)? = package["digest"] else {
      Issue.record("no digest")
      return
    }
    #expect(try FileBlob(opz.directory.path.appending("digest")).bytes() == Array("\(digest)\n".utf8))
    let show = try opz.json("show", "weights@1.0.0")
    #expect(
      show["digest"] == .string(digest) && show["name"] == .string("weights") && show["version"] == .string("1.0.0"))
    let list = try opz("list", "--json")
    let rows = try CanonicalJSON.decode([[String: JSONValue]].self, from: list.output, subject: "list")
    #expect(rows.map { $0["digest"] } == [.string(digest)])
    #expect(try opz.json("fsck")["ok"] == .bool(true))
  }

  @Test("a version's life: alias, promotion, history, rollback, tags, search, deletion, garbage collection")
  func life() throws {
    _ = try opz("package", "p", "--quiet")
    try opz.directory.write("p/weights.bin", "other weights")
    #expect(try opz("package", "p", "--quiet").status == 0)
    #expect(try opz.json("alias", "weights", "production", "1.0.0", "--expect", "none")["version"] == .string("1.0.0"))
    let then = Timestamp.now()
    _ = try ChildProcess.run(["sleep", "0.05"])
    try opz.directory.write("registry/policy.yaml", "opz: 1\npromote: {production: {tests: true}}\n")
    let refused = try opz("promote", "weights@1.1.0", "--to", "production")
    #expect(refused.status == 5 && refused.errorText.contains("tests"))
    #expect(try opz("promote", "weights@1.1.0", "--to", "production", "--dry-run").status == 5)
    try opz.directory.write("registry/policy.yaml", "opz: 1\nretention: {last: 1}\n")
    #expect(try opz.json("promote", "weights@1.1.0", "--to", "production")["from"] == .string("1.0.0"))
    #expect(try opz.json("show", "weights@production")["version"] == .string("1.1.0"))
    let past = try opz.json("show", "weights@production", "--at", then.description)
    #expect(past["version"] == .string("1.0.0") && past["aliases"] == .array([.string("production")]))
    #expect(try opz.json("rollback", "weights", "--alias", "production")["version"] == .string("1.0.0"))
    try opz.directory.write("card.md", "# Weights\n")
    #expect(try opz("tag", "weights@1.1.0", "team=crm", "--card", "card.md").status == 0)
    #expect(try opz("show", "weights@1.1.0").text.contains("# Weights"))
    let found = try opz(
      "list", "--where", "tag.team = 'crm' or alias = 'production'", "--sort", "-created", "--limit", "1", "--json")
    let rows = try CanonicalJSON.decode([[String: JSONValue]].self, from: found.output, subject: "list")
    #expect(rows.map { $0["version"] } == [.string("1.1.0")])
    #expect(try opz("history", "weights", "--alias", "production").text.contains("rolled-back"))
    #expect(try opz("delete", "weights@1.1.0").status == 3)
    #expect(try opz("delete", "weights@1.1.0", "--force").status == 0)
    #expect(try opz.json("gc", "--grace", "0", "--dry-run")["dryRun"] == .bool(true))
    #expect(try opz("gc", "--grace", "0").text.contains("removed"))
    #expect(try opz("fsck", "--expect", String(repeating: "a", count: 64)).status == 4)
    #expect(try opz("export", "--index").text.contains("2 versions and aliases"))
    #expect(try opz.json("fsck")["ok"] == .bool(true))
  }

  @Test("--quiet prints only data; without it, notes go to standard error")
  func quiet() throws {
    let loud = try opz("package", "p")
    #expect(loud.errorText.contains("recorded weights@1.0.0"))
    #expect(loud.text.hasPrefix("weights@1.0.0  sha256:"))
    #expect(try opz("package", "p", "--quiet").errorText == "")
  }

  @Test("umask, locale, time zone, user and directory do not change the digest")
  func surroundings() throws {
    let first = try opz("package", "p", "--quiet").text
    let program = try BuiltPrograms.opz()
    let other = opz.directory.path.appending("elsewhere/deep")
    try Durable.makeDirectory(other.removingLastComponent())
    let script = """
      set -e; umask 077; cp -r '\(opz.directory.path)/p' '\(other)'; chmod 700 '\(other)'; touch -d 2031-01-01 '\(other)/weights.bin'
      export LC_ALL=tr_TR.UTF-8 LANG=de_DE TZ=Asia/Kathmandu OPZ_REGISTRY='\(opz.directory.path)/second' USER=other
      cd /; '\(program)' package '\(other)' --quiet
      """
    let second = try ChildProcess.run(["sh", "-c", script], environment: ["PATH=/usr/bin:/bin"])
    #expect(second.errorText == "")
    #expect(second.text == first)
  }

  @Test("a file is scored into a table, - reads standard input, a failure leaves no output")
  func score() throws {
    let example = PackageRoot.path(#filePath).appending("examples/churn")
    let model = example.appending("model.json").string
    let holdout = example.appending("holdout.csv").string
    #expect(try opz("score", model, "--input", holdout, "--kind", "margin", "--output", "scores.csv").status == 0)
    let scores = String(decoding: try FileBlob(opz.directory.path.appending("scores.csv")).bytes(), as: UTF8.self)
    let expected = String(decoding: try FileBlob(example.appending("expected.csv")).bytes(), as: UTF8.self)
    #expect(
      scores.split(separator: "\n").dropFirst().map { Float($0) }
        == expected.split(separator: "\n").dropFirst().map { Float($0.split(separator: ",")[1]) })
    let text = String(decoding: try FileBlob(FilePath(holdout)).bytes(), as: UTF8.self)
    let piped = try opz("score", model, "--input", "-", "--kind", "margin", input: text)
    #expect(piped.text == scores)
    let failed = try opz("score", model, "--input", "-", "--output", "broken.csv", input: text + "x\n")
    #expect(failed.status == 1 && failed.errorText.contains("line 1002"))
    #expect(try opz.directory.tree().filter { $0.contains("broken") || $0.contains("tmp") } == [])
    let columns = try opz("score", model, "--input", "-", input: "state,wrong\nOH,1\n")
    #expect(columns.errorText.contains("missing: account_length, area_code"))
    #expect(columns.errorText.contains("unknown: wrong"))
  }

  @Test("when the reader closes the pipe, the program ends quietly")
  func brokenPipe() throws {
    let example = PackageRoot.path(#filePath).appending("examples/churn")
    let script =
      "'\(try BuiltPrograms.opz())' score '\(example)/model.json' --input '\(example)/holdout.csv' --kind leaf | head -1 >/dev/null"
    let result = try ChildProcess.run(["bash", "-c", script])
    #expect(!result.errorText.contains("error"), "\(result.errorText)")
  }

  @Test("serve answers requests, exits with 0 on SIGTERM, and leaves nothing behind", arguments: [true, false])
  func serve(recorded: Bool) async throws {
    let example = PackageRoot.path(#filePath).appending("examples/churn")
    var opz = opz
    opz.environment["OPZ_SERVER"] = try BuiltPrograms.server().string
    opz.environment["TMPDIR"] = opz.directory.path.appending("tmp").string
    try Durable.makeDirectory(opz.directory.path.appending("tmp"))
    if recorded { #expect(try opz("package", example.string, "--quiet").status == 0) }
    let port = try LoopbackListener.freePort()
    let log = opz.directory.path.appending("log")
    let child = try ChildProcess.start(
      [try BuiltPrograms.opz().string, "serve", recorded ? "churn@1.0.0" : example.string, "--port", "\(port)"],
      environment: opz.environment.map { "\($0.key)=\($0.value)" }, output: .discarded, errors: .file(log))
    let answer = try await blocking {
      try ChildProcess.run([
        "curl", "-sS", "--retry", "100", "--retry-delay", "0", "--retry-connrefused", "--retry-max-time", "60",
        "http://127.0.0.1:\(port)/v2/models/churn",
      ])
    }
    #expect(answer.text.contains("total_day_minutes"), "\(answer.errorText)")
    child.send(signal: 15)
    #expect(try await blocking { child.wait() } == 0)
    #expect(try Directory.entries(opz.directory.path.appending("tmp")).isEmpty)
  }

  @Test(
    "a killed package leaves nothing half-written, and the next run gives the same digest",
    arguments: [5, 30, 60, 120, 250])
  func killed(milliseconds: Int) async throws {
    let weights = opz.directory.path.appending("p/weights.bin")
    let made = try ChildProcess.run(["sh", "-c", "yes weights | head -c 80000000 > \(weights)"])
    #expect(made.status == 0)
    let child = try ChildProcess.start(
      [try BuiltPrograms.opz().string, "package", "p", "--quiet"],
      environment: opz.environment.map { "\($0.key)=\($0.value)" },
      directory: opz.directory.path, output: .discarded)
    try await Task.sleep(for: .milliseconds(milliseconds))
    child.send(signal: 9)
    _ = try await blocking { child.wait() }
    #expect(try opz.directory.tree().filter { $0.contains("opz-tmp") } == [])
    if try FileStatus.find(opz.directory.path.appending("registry/registry.json")) != nil {
      let fsck = try opz("fsck")
      #expect(fsck.status == 0, "\(fsck.text)\(fsck.errorText)")
    }
    let first = try opz("package", "p", "--quiet")
    #expect(first.status == 0, "\(first.errorText)")
    var other = opz
    other.environment["OPZ_REGISTRY"] = "\(opz.directory.path)/other"
    #expect(try other("package", "p", "--quiet").text == first.text)
  }

  @Test("registry serve and registry faults start opz-hub", arguments: ["serve", "faults"])
  func hub(_ command: String) async throws {
    var opz = opz
    let listing = try opz.directory.write("hub", "#!/bin/sh\necho \"hub $*\"\n", mode: 0o755)
    opz.environment["OPZ_HUB"] = listing.string
    let started = try opz("registry", command)
    #expect(started.status == 0)
    #expect(started.text.hasPrefix(command == "serve" ? "hub --registry /" : "hub --list"), "\(started.text)")
    opz.environment["OPZ_HUB"] = "/nonexistent"
    #expect(try opz("registry", command).status == 1)
  }

  @Test("opz and opz-server print the same version")
  func versions() throws {
    let server = try ChildProcess.run([try BuiltPrograms.server().string, "--version"])
    let program = try opz("--version")
    #expect(server.text.split(separator: " ").last == program.text.split(separator: " ").last)
  }

  @Test("init writes a project that can be packaged")
  func initialise() throws {
    let example = PackageRoot.path(#filePath).appending("examples/churn/model.json")
    try opz.directory.write("My Project!/model.json", String(decoding: try FileBlob(example).bytes(), as: UTF8.self))
    let made = try opz("init", "My Project!")
    #expect(made.status == 0, "\(made.errorText)")
    let packaged = try opz("package", "My Project!", "--set", "runtime.kind=model", "--quiet")
    #expect(packaged.status == 0, "\(packaged.errorText)")
    #expect(packaged.text.hasPrefix("my-project@1.0.0  "))
    #expect(try opz("init", "My Project!").status == 3)
  }
}
