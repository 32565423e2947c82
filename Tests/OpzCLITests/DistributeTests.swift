import FoundationEssentials
import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistryKit
import OpzTestKit
import SystemPackage
import Testing

@Suite("Login, copy, push and doctor with the real program")
struct DistributeTests {
  private static let secret = "s3cr3t-0f-Ann"
  let opz: Command
  let server: RegistryServer

  init() throws {
    opz = try Command()
    server = try RegistryServer(.basic(user: "ann", password: Self.secret))
  }

  private func text(_ name: String) throws -> String {
    String(decoding: try FileBlob(opz.directory.path.appending(name)).bytes(), as: UTF8.self)
  }

  @Test("a secret appears in no output, receipt, event or error, whatever is done with it")
  func secrets() throws {
    #expect(try opz("package", "p").status == 0)
    let place = "\(server.host)/crm/weights"
    var outputs: [ChildProcess.Output] = []
    func run(_ status: Int32, _ result: ChildProcess.Output) {
      #expect(result.status == status, "\(result.errorText)")
      outputs.append(result)
    }
    run(6, try opz("login", server.host, "-u", "ann", "--password-stdin", input: "wr0ng-\(Self.secret)"))
    run(0, try opz("login", server.host, "-u", "ann", "--password-stdin", input: "\(Self.secret)\n"))
    run(0, try opz("push", "weights@1.0.0", place, "--receipt", "receipt.json"))
    run(0, try opz("push", "weights@1.0.0", place, "--json"))
    run(3, try opz("push", "weights@1.0.0", place, "--expect", "none"))
    run(0, try opz("copy", "\(place):1.0.0", place, "--tag", "stable", "--tag", "latest"))
    run(0, try opz("copy", "\(place):stable", "oci:layout", "--json"))
    run(0, try opz("show", "\(place):stable"))
    run(0, try opz("show", "\(place):stable", "--json"))
    run(0, try opz("doctor", place))
    run(0, try opz("doctor", place, "--json"))
    run(2, try opz("show", "\(place):missing"))
    run(0, try opz("logout", server.host))
    run(6, try opz("push", "weights@1.0.0", place))
    run(6, try opz("doctor", place))
    let kept = try ChildProcess.run(["grep", "-r", Self.secret, opz.directory.path.string])
    #expect(kept.status == 1, "\(kept.text)")
    let encoded = Data("ann:\(Self.secret)".utf8).base64EncodedString()
    for output in outputs {
      for hidden in [Self.secret, encoded] { #expect(!(output.text + output.errorText).contains(hidden)) }
    }
    #expect(outputs.last?.text.contains("opz login \(server.host)") == true)
    #expect(outputs[13].errorText.contains("opz push weights@1.0.0 \(place):1.0.0 resumes from there"))
    #expect(try text("receipt.json").contains("\"outcome\": \"sent\""))
  }

  private func terminal(_ typed: [String], _ arguments: [String]) throws -> ChildProcess.Output {
    let script = PackageRoot.path(#filePath).appending("Tests/OpzCLITests/Fixtures/terminal.py")
    return try ChildProcess.run(
      ["python3", script.string] + typed.flatMap { ["--type", $0] } + ["--", try BuiltPrograms.opz().string]
        + arguments,
      environment: opz.environment.map { "\($0.key)=\($0.value)" }, directory: opz.directory.path)
  }

  @Test("on a terminal, login prompts, and does not echo the secret")
  func asks() throws {
    // Typing mistakes are corrected: `x` with a backspace, a whole line with ^U.
    let result = try terminal(
      ["user for=an\\x7fnn\\r", "password=nonsense\\x15\(Self.secret)x\\x7f\\r"], ["login", server.host])
    #expect(result.status == 0, "\(result.text)")
    #expect(result.text.contains("logged in to \(server.host) as ann"))
    #expect(!result.text.contains(Self.secret) && !result.text.contains("nonsense"))
    #expect(try text(".docker/config.json").contains(server.host))
    let interrupted = try terminal(["password=abc\\x03"], ["login", server.host, "-u", "ann"])
    #expect(interrupted.status == 130)
  }

  @Test(
    "an invalid secret is refused",
    arguments: ["", "\n", "two\nlines", "nul\0", String(repeating: "x", count: 70_000)])
  func refused(input: String) throws {
    let result = try opz("login", server.host, "-u", "ann", "--password-stdin", input: input)
    #expect(result.status == 64)
  }

  @Test("docker sees opz's logins and logouts, and opz sees docker's")
  func docker() async throws {
    #expect(try opz("package", "p").status == 0)
    let engine = try await DockerEngine()
    let configuration = ["--config", opz.directory.path.appending(".docker").string]
    let place = "\(server.host)/crm/weights"
    #expect(try opz("login", server.host, "-u", "ann", "--password-stdin", input: Self.secret).status == 0)
    #expect(try opz("push", "weights@1.0.0", place).status == 0)
    let pulled = try await engine.docker(configuration + ["pull", "\(place):1.0.0"])
    #expect(pulled.status == 0, "\(pulled.errorText)")
    #expect(try opz("logout", server.host).status == 0)
    #expect(try await engine.docker(configuration + ["pull", "\(place):1.0.0"]).status != 0)
    let login = try await engine.docker(
      configuration + ["login", "--username", "ann", "--password", Self.secret, server.host])
    #expect(login.status == 0, "\(login.errorText)")
    #expect(try opz("push", "weights@1.0.0", place, "--tag", "again").status == 0)
    #expect(try await engine.docker(configuration + ["logout", server.host]).status == 0)
    #expect(try opz("push", "weights@1.0.0", place, "--tag", "more").status == 6)
  }

  @Test("login does not prompt without a terminal, and a user name has no colon")
  func usage() throws {
    for arguments in [
      ["login", server.host], ["login", server.host, "--password-stdin"],
      ["login", server.host, "-u", "a:b", "--password-stdin"],
      ["login", "https://\(server.host)", "-u", "a", "--password-stdin"],
      ["copy", "docker://\(server.host)/a:1", "oci:x"], ["push", "weights@1.0.0", "--expect", "latest"],
      ["push", "weights@1.0.0", "--force", "--expect", "none"],
    ] {
      let result = try ChildProcess.run(
        [try BuiltPrograms.opz().string] + arguments, input: Array("x".utf8),
        environment: opz.environment.map { "\($0.key)=\($0.value)" }, directory: opz.directory.path)
      #expect(result.status == 64, "\(arguments): \(result.errorText)")
    }
  }

  @Test("a terminal shows progress bars, and none of them stays")
  func bars() throws {
    let open = try RegistryServer()
    try opz.directory.write("p/weights.bin", String(repeating: "weights", count: 3_000_000))
    #expect(try opz("package", "p", "--set", "layers={compression: none}").status == 0)
    let result = try terminal([], ["push", "weights@1.0.0", "\(open.host)/a/b"])
    #expect(result.status == 0, "\(result.text)")
    #expect(result.text.contains("  done    ") && result.text.contains("sent 20."))
    // A frame ends before anything else is printed.
    let last = try #require(result.text.split(separator: "\u{1B}[J").last)
    #expect(last.contains("sent 20."))
  }
}

@Suite("Docker Hub with the real program")
struct DockerHubCommandTests {
  @Test("push, pull and copy accept every spelling of its name and print the same one")
  func everywhere() throws {
    var opz = try Command()
    let hub = try DockerHubServer(user: "ann", password: "s3cret")
    opz.environment.merge(hub.environment) { one, _ in one }
    func run(_ words: String..., input: String = "") throws -> ChildProcess.Output {
      let result = try opz.run(words, input: input)
      #expect(result.status == 0, "\(words): \(result.errorText)")
      return result
    }
    _ = try run("package", "p")
    _ = try run("login", "docker.io", "-u", "ann", "--password-stdin", input: "s3cret")
    let pushed = try run("push", "weights@1.0.0", "index.docker.io/ann/weights")
    #expect((pushed.text + pushed.errorText).contains("docker.io/ann/weights:1.0.0"))
    #expect(!(pushed.text + pushed.errorText).contains("index.docker.io"))
    let digest = try #require(hub.digest(ofTag: "1.0.0"))
    let shown = try opz.json("show", "docker.io/ann/weights:1.0.0")
    #expect(shown["digest"] == .string(digest.description))
    #expect(shown["reference"] == .string("docker.io/ann/weights:1.0.0"))
    let copied = try run("copy", "docker.io/ann/weights:1.0.0", "docker.io/weights:stable", "--json")
    #expect(copied.text.contains("docker.io/library/weights:stable"))
    _ = try run("pull", "index.docker.io/weights:stable", "--registry", "other")
    #expect(try opz("doctor", "docker.io/ann/weights").text.contains("tokens from https://auth.docker.io"))
    try opz.directory.write(
      "pod.yaml",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: [{name: a, image: docker.io/weights:stable}]\n"
    )
    let resolved = try run("resolve", "-f", "pod.yaml")
    #expect(resolved.text.contains("docker.io/library/weights:stable@\(digest)"))
    _ = try run("logout", "index.docker.io")
    #expect(try opz("show", "docker.io/ann/weights:1.0.0").status == 6)
    #expect(hub.targets == ["registry-1.docker.io:443", "auth.docker.io:443"])
    hub.stop()
  }
}
