import OpzIO
import OpzJSON
import OpzTestKit
import SystemPackage
import Testing

/// `opz serve` of several models at once.
@Suite("Several models served by one command")
struct ServeSeveralTests {
  private var opz: Command

  init() throws {
    opz = try Command()
    opz.environment["OPZ_SERVER"] = try BuiltPrograms.debugServer().string
    opz.environment["TMPDIR"] = opz.directory.path.appending("tmp").string
    try Durable.makeDirectory(opz.directory.path.appending("tmp"))
    let model = PackageRoot.path(#filePath).appending("examples/churn/model.json")
    try opz.directory.write("other.json", String(decoding: FileBlob(model).bytes(), as: UTF8.self))
    try opz.directory.write("models/churn/7/model.json", String(decoding: FileBlob(model).bytes(), as: UTF8.self))
    try opz.directory.write("token", "0123456789abcdef\n", mode: 0o600)
  }

  private func get(_ path: String, _ port: UInt16, post: [String] = []) async throws -> String {
    try await blocking {
      try ChildProcess.run(
        ["curl", "-sS", "--retry", "100", "--retry-delay", "0", "--retry-connrefused", "--retry-max-time", "60"] + post
          + ["http://127.0.0.1:\(port)\(path)"]
      ).text
    }
  }

  private func serve(_ arguments: [String], _ ask: (UInt16) async throws -> Void) async throws {
    let port = try LoopbackListener.freePort()
    let child = try ChildProcess.start(
      [try BuiltPrograms.opz().string, "serve"] + arguments + ["--port", "\(port)"],
      environment: opz.environment.map { "\($0.key)=\($0.value)" }, directory: opz.directory.path,
      output: .discarded, errors: .file(opz.directory.path.appending("log")))
    try await ask(port)
    child.send(signal: 15)
    #expect(try await blocking { child.wait() } == 0)
    #expect(try Directory.entries(opz.directory.path.appending("tmp")).isEmpty)
  }

  @Test("Versions of the registry beside a file, each as it says that it is read; nothing is left behind")
  func operands() async throws {
    let example = PackageRoot.path(#filePath).appending("examples/churn").string
    var packaging = opz
    // An image's server is the static one.
    packaging.environment["OPZ_SERVER"] = try BuiltPrograms.server().string
    for version in ["1.9.0", "1.10.0"] {
      #expect(try packaging("package", example, "--version", version, "--quiet").status == 0)
    }
    try await serve(["churn@1.9.0", "churn@1.10.0", "other.json"]) { port in
      let index = try JSONValue(json: Array(await get("/v2/repository/index", port, post: ["-X", "POST"]).utf8))
      #expect(index.array?.compactMap { $0["name"]?.string } == ["churn", "churn", "other"])
      #expect(index.array?.compactMap { $0["version"]?.string } == ["1.10.0", "1.9.0", "1"])
      #expect(index.array?.allSatisfy { $0["state"]?.string == "READY" } == true)
    }
  }

  @Test("A directory of models, which the one with the token loads again")
  func directory() async throws {
    try await serve(["--models", "models", "--allow-load", "token"]) { port in
      #expect(try await get("/v2/models", port) == #"{"models":["churn"]}"#)
      let load = "/v2/repository/models/churn/load"
      let refused = try await get(load, port, post: ["-X", "POST"])
      #expect(refused.contains("needs the token"))
      let post = ["-X", "POST", "-H", "Authorization: Bearer 0123456789abcdef"]
      #expect(try await get(load, port, post: post) == #"{"name":"churn","load":true}"#)
    }
  }

  @Test(
    "What cannot be served together is refused before a server starts",
    arguments: [
      (["other.json", "./other.json"], 64, "as other.json is"), ([], 64, "nothing to serve"),
      (["other.json", "--models", "models"], 64, "takes no operands"), (["a@1.0.0", "other.json"], 2, "a"),
      (["other.json", "models", "--reload"], 64, "for one model"),
      (["--models", "models", "--python", "p"], 64, "--python"),
    ] as [([String], Int32, String)])
  func refused(arguments: [String], status: Int32, text: String) throws {
    let result = try opz.run(["serve"] + arguments)
    #expect(result.status == status && result.errorText.contains(text), "\(result.status) \(result.errorText)")
    #expect(try Directory.entries(opz.directory.path.appending("tmp")).isEmpty)
  }
}
