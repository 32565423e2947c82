import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@Suite("Output paths that the user names")
struct OutputTests {
  let opz: Command

  init() throws {
    opz = try Command()
    #expect(try opz("package", "p", "--quiet").status == 0)
  }

  /// Runs a shell script in which `opz` is the program.
  private func shell(_ script: String, _ extra: [String: String] = [:]) throws -> ChildProcess.Output {
    let function = "opz() { '\(try BuiltPrograms.opz())' \"$@\"; }\n"
    return try ChildProcess.run(
      ["/bin/bash", "-c", function + script],
      environment: opz.environment.merging(extra) { $1 }.map { "\($0.key)=\($0.value)" },
      directory: opz.directory.path)
  }

  /// A command, with `%` in place of the file that it writes.
  static let writers = [
    "package p --quiet --digest-file %", "package p --quiet --output docker-archive:%",
    "copy weights@1.0.0 docker-archive:% --quiet", "score model.json --input rows.csv --output %",
  ]

  private func prepare() throws {
    try Durable.replace(
      opz.directory.path.appending("model.json"),
      with: try FileBlob(PackageRoot.path(#filePath).appending("examples/churn/model.json")).bytes())
    try Durable.replace(
      opz.directory.path.appending("rows.csv"),
      with: try FileBlob(PackageRoot.path(#filePath).appending("examples/churn/holdout.csv")).bytes())
  }

  /// What a command writes to a new file.
  private func wanted(_ command: String) throws -> [UInt8] {
    try prepare()
    let result = try shell("opz " + command.replacing("%", with: "plain"))
    try #require(result.status == 0, "\(result.errorText)")
    return try FileBlob(opz.directory.path.appending("plain")).bytes()
  }

  @Test("a link to a device stays a link, and the device stays a device", arguments: writers)
  func device(command: String) throws {
    try prepare()
    let script =
      "ln -s /dev/null null && opz \(command.replacing("%", with: "null")) && readlink null && stat -c %F /dev/null"
    let result = try shell(script)
    #expect(result.status == 0, "\(result.errorText)")
    #expect(result.text.hasSuffix("/dev/null\ncharacter special file\n"))
  }

  @Test("a pipe gets the whole output and stays a pipe", arguments: writers)
  func namedPipe(command: String) throws {
    let wanted = try wanted(command)
    let script =
      "mkfifo pipe && { cat pipe > got & opz \(command.replacing("%", with: "pipe")) >said; c=$?; wait; exit $c; }"
    let result = try shell(script)
    #expect(result.status == 0, "\(result.errorText)")
    #expect(try FileBlob(opz.directory.path.appending("got")).bytes() == wanted)
    #expect(try FileStatus.of(opz.directory.path.appending("pipe")).kind == .other)
  }

  @Test("/dev/stdout, /dev/fd and process substitution get the output and nothing else", arguments: writers)
  func descriptors(command: String) throws {
    let wanted = try wanted(command)
    for script in [
      "opz \(command.replacing("%", with: "/dev/stdout")) | cat > got",
      "opz \(command.replacing("%", with: "/proc/self/fd/1")) | cat > got",
      "ln -sf /dev/stdout out; opz \(command.replacing("%", with: "out")) > got",
      "opz \(command.replacing("%", with: "/dev/fd/3")) 3>got >said",
      "opz \(command.replacing("%", with: ">(cat > got; touch done)")) >said; while ! [ -e done ]; do sleep 0.05; done",
      command.contains("docker-archive") || command.contains("digest")
        ? "opz \(command.replacing("%", with: "-")) > got" : "opz score model.json --input rows.csv > got",
    ] {
      // The shell does not substitute inside `docker-archive:>(..)`.
      if script.contains("docker-archive:>(") { continue }
      let result = try shell("rm -f got done\n" + script)
      #expect(result.status == 0, "\(script): \(result.errorText)")
      #expect(try FileBlob(opz.directory.path.appending("got")).bytes() == wanted, "\(script)")
    }
  }

  @Test("a container engine loads what comes out of a pipe", arguments: ["/dev/stdout", "-", "/dev/fd/1"])
  func loads(_ place: String) async throws {
    let engine = try await DockerEngine()
    let (host, runs) = (engine.address, self)
    let loaded = try await blocking {
      try runs.shell(
        "set -o pipefail; opz package p --quiet --output docker-archive:\(place) | docker load",
        ["DOCKER_HOST": host, "OPZ_REGISTRY": "\(runs.opz.directory.path)/other"])
    }
    #expect(loaded.status == 0 && loaded.text.contains("Loaded image: weights:"), "\(loaded.text)\(loaded.errorText)")
    let files = try await engine.docker("image", "ls", "--quiet")
    #expect(files.text.split(separator: "\n").count == 1)
  }

  @Test("a file that the shell appends to keeps its content")
  func appended() throws {
    let result = try shell(
      "echo first > f; opz package p --quiet --digest-file /dev/stdout >> f; echo last >> f; wc -l < f; head -1 f; tail -1 f"
    )
    #expect(result.text == "3\nfirst\nlast\n", "\(result.text) \(result.errorText)")
  }

  @Test("a link is followed, its target is created if missing, and the mode is kept", arguments: writers)
  func links(command: String) throws {
    let wanted = try wanted(command)
    let script = """
      mkdir other; echo old > other/there; chmod 640 other/there; ln -s other/there one; ln -s other/new two
      opz \(command.replacing("%", with: "one")) >/dev/null && opz \(command.replacing("%", with: "two")) >/dev/null
      echo $?; readlink one two; stat -c %a other/there; cmp one two; ls -A other
      """
    let result = try shell(script)
    #expect(result.text == "0\nother/there\nother/new\n640\nnew\nthere\n", "\(result.text) \(result.errorText)")
    #expect(try FileBlob(opz.directory.path.appending("other/there")).bytes() == wanted)
  }

  @Test("a failure leaves the file unchanged and no other file", arguments: writers)
  func failure(command: String) throws {
    try prepare()
    // A file size limit simulates a full disk.
    let script =
      "echo old > out; before=$(ls -A); trap '' XFSZ; (ulimit -f 0; opz \(command.replacing("%", with: "out")) >/dev/null); echo $?; cat out; [ \"$before\" = \"$(ls -A)\" ] && echo same"
    let result = try shell(script)
    #expect(result.text == "1\nold\nsame\n", "\(result.text) \(result.errorText)")
  }

  @Test(
    "a directory, a full device and a missing directory are errors",
    arguments: ["p", "/dev/full", "nowhere/file", "loop"])
  func refused(place: String) throws {
    try prepare()
    _ = try shell("ln -s loop loop")
    for command in OutputTests.writers {
      let result = try shell("opz \(command.replacing("%", with: place))")
      #expect([1, 2].contains(result.status), "\(command): \(result.errorText)")
      #expect(result.errorText.hasPrefix("error: ") && result.errorText.contains(place), "\(result.errorText)")
      #expect(result.text == "")
    }
    #expect(try FileStatus.of("/dev/full").kind == .other)
  }

  @Test("a mounted file, which cannot be renamed, is written in place")
  func mounted() throws {
    let script = """
      touch real mounted; exec unshare -m --propagation private bash -c 'mount --bind real mounted && "$0" package p --quiet --digest-file mounted && cat real' \
      '\(try BuiltPrograms.opz())'
      """
    let result = try shell(script)
    #expect(result.status == 0 && result.text.contains("\nsha256:"), "\(result.text) \(result.errorText)")
  }

  @Test("deploy and resolve write their files through links; a stream can go where a directory is expected")
  func directories() throws {
    try opz.directory.write("k/a.yaml", "kind: Pod\n", mode: 0o640)
    let script = """
      mkdir -p out real; ln -s ../real/a.yaml out/a.yaml; ln -s k/a.yaml linked.yaml
      opz resolve -q -f k --output out; readlink out/a.yaml; cat real/a.yaml
      opz resolve -q -f k/a.yaml --output /dev/stdout | cat
      opz resolve -q -f linked.yaml --in-place; readlink linked.yaml; stat -c %a k/a.yaml
      """
    let result = try shell(script)
    #expect(
      result.text == "../real/a.yaml\nkind: Pod\nkind: Pod\nk/a.yaml\n640\n", "\(result.text) \(result.errorText)")
    let file = try shell("opz resolve -q -f k --output k/a.yaml")
    #expect(file.status == 1 && file.errorText.contains("hint: name a directory"), "\(file.errorText)")
  }

  @Test("only one output can go to standard output")
  func twice() throws {
    for arguments in [
      ["--digest-file", "-", "--json"], ["--digest-file", "/dev/stdout", "--output", "docker-archive:-"],
    ] {
      let result = try opz.run(["package", "p"] + arguments)
      #expect(result.status == 64 && result.errorText.contains("standard output"), "\(result.errorText)")
      #expect(result.text == "")
    }
  }

  // MARK: Standard output that cannot be written

  static let printing: [[String]] = [
    ["--help"], ["--version"], ["help", "package"], ["--generate-completion-script", "zsh"], ["list"],
    ["list", "--json"],
    ["show", "weights"], ["show", "weights@1.0.0", "--json"], ["show", "weights@1.0.0", "--files"],
    ["history", "weights"], ["alias", "weights", "a", "1.0.0"], ["plan", "p"], ["plan", "p", "--json"],
    ["package", "p"],
    ["package", "p", "--json"], ["fsck"], ["fsck", "--json"], ["gc"], ["gc", "--json"], ["sbom", "weights@1.0.0"],
    ["scan", "weights@1.0.0"], ["scan", "weights@1.0.0", "--sarif"], ["scan", "weights@1.0.0", "--json"],
    ["lint", "--explain", "all"], ["lint", "p/pod.yaml", "--json"], ["lint", "p/pod.yaml", "--sarif"],
    ["inspect", "model.json"], ["inspect", "model.json", "--json"],
    ["score", "model.json", "--input", "rows.csv"], ["resolve", "-f", "p/pod.yaml"], ["export", "--index"],
    ["runtime", "--json"], ["doctor", "127.0.0.1:1", "--json"], ["init", "new"], ["registry", "--help"],
    ["dockerfile", "weights@1.0.0", "--output", "context"], ["copy", "weights@1.0.0", "oci:copied"],
    ["deploy", "model@1.0.0", "--image", "a.example/m", "--output", "-"],
    ["deploy", "model@1.0.0", "--image", "a.example/m"],
    ["tag", "weights@1.0.0", "team=x"],
  ]

  @Test("full or closed, it is exit code 1 with the reason; a closed pipe is not an error", arguments: printing)
  func unwritable(arguments: [String]) throws {
    try prepare()
    try opz.directory.write(
      "p/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n")
    try opz.directory.write("new/weights.ubj", "{L")
    let words = arguments.map { "'\($0)'" }.joined(separator: " ")
    // Whether it prints anything, and ends well, is seen first: some commands have nothing to say.
    let plain = try shell("opz \(words)")
    _ = try shell("rm -rf context copied new/opz.yaml k8s-model")
    let full = try shell("opz \(words) > /dev/full")
    _ = try shell("rm -rf context copied new/opz.yaml k8s-model")
    let closed = try shell("opz \(words) >&-")
    _ = try shell("rm -rf context copied new/opz.yaml k8s-model")
    let early = try shell("opz \(words) | true; exit ${PIPESTATUS[0]}")
    guard !plain.output.isEmpty else {
      #expect(full.status == plain.status && closed.status == plain.status)
      return
    }
    let code = plain.status == 0 ? 1 : plain.status
    #expect(
      full.status == code && full.errorText.contains("standard output: write: no space left"), "\(full.errorText)")
    #expect(closed.status == code && closed.errorText.contains("standard output"), "\(closed.errorText)")
    #expect(early.status == plain.status && !early.errorText.contains("pipe"), "\(early.errorText)")
  }

  @Test("with standard output closed, no opened file takes its descriptor")
  func closedDescriptors() throws {
    let before = try shell("opz fsck --json").text
    let result = try shell(
      "opz tag weights@1.0.0 a=b >&- 2>&- <&-; opz list >&- 2>&-; opz package p >&- 2>&-; opz fsck")
    #expect(result.status == 0, "\(result.text) \(result.errorText)")
    #expect(before.contains("\"ok\": true"))
    #expect(try shell("opz show weights@1.0.0 --json").text.contains("\"a\": \"b\""))
  }

  // MARK: Arguments

  @Test("no program uses Swift's CommandLine, nor prints around the writer that checks for errors")
  func oneWay() throws {
    let root = PackageRoot.path(#filePath).appending("Sources")
    for module in ["OpzCLI", "OpzFlow", "OpzServe", "OpzHub", "opz", "opz-hub", "opz-server"] {
      let found = try shell(
        "grep -rnE 'CommandLine\\.|parseAsRoot\\(\\)|(^|[^.a-zA-Z])(print|puts|fputs)\\(' '\(root)/\(module)' || true")
      #expect(found.text == "")
    }
  }

  @Test("arguments are read even if a preloaded library moves the environment before main")
  func preloaded() throws {
    try opz.directory.write(
      "agent.c",
      """
      #include <stdlib.h>
      __attribute__((constructor)) static void agent(void) {
        char name[] = "AGENT_aa";
        for (int i = 0; i < 100; i++) { name[6] = 'a' + i % 26; name[7] = 'a' + i / 26; setenv(name, "on", 1); }
      }
      """)
    let compiled = try shell("cc -shared -fPIC -o agent.so agent.c")
    try #require(compiled.status == 0, "no C compiler: \(compiled.errorText)")
    let agent = ["LD_PRELOAD": opz.directory.path.appending("agent.so").string]
    let plain = try shell("opz show weights@1.0.0 --json")
    let result = try shell("opz show weights@1.0.0 --json", agent)
    #expect(result.status == 0 && result.output == plain.output && !plain.output.isEmpty, "\(result.errorText)")
    let odd = try shell("opz show 'a b' '' --json", agent)
    #expect(odd.status == 64 && odd.errorText.contains("Unexpected argument ''") || odd.errorText.contains("a b"))
  }
}
