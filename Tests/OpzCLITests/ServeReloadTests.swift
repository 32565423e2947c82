import OpzIO
import OpzTestKit
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `opz serve --reload` while its project is edited. The server is a script that writes down its starts.
@Suite("A project that is edited while it is served")
struct ServeReloadTests {
  private var opz: Command

  init() throws {
    opz = try Command()
    try opz.directory.write("s/model.joblib", "a model")
    try opz.directory.write("s/predict.py", "def predict(frame): return frame\n")
    try write(isWhole: true)
    let server = try opz.directory.write(
      "server",
      "#!/bin/sh\necho \"$*\" >>\"\(opz.directory.path)/starts\"\ntrap 'exit 0' TERM\nwhile :; do sleep 0.05; done\n",
      mode: 0o755)
    opz.environment["OPZ_SERVER"] = server.string
  }

  private func write(isWhole: Bool) throws {
    let text = "opz: 1\nname: served\nmodel: {path: model.joblib}\nruntime: {kind: python}\ncode: [predict.py]\n"
    try opz.directory.write("s/opz.yaml", isWhole ? text : String(text.dropLast(30)))
  }

  private func text(_ name: String) -> String {
    (try? FileBlob(opz.directory.path.appending(name)).bytes()).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private var starts: Int { text("starts").split(separator: "\n").count }

  private func eventually(_ what: () -> Bool) async -> Bool {
    let limit = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < limit {
      if what() { return true }
      try? await Task.sleep(for: .milliseconds(20))
    }
    return false
  }

  @Test("goes on while opz.yaml is not whole, starts again when it is, and ends with the server")
  func edited() async throws {
    let child = try ChildProcess.start(
      [try BuiltPrograms.opz().string, "serve", "s", "--reload", "--python", "/bin/true", "--port", "0"],
      environment: opz.environment.map { "\($0.key)=\($0.value)" }, directory: opz.directory.path, output: .discarded,
      errors: .file(opz.directory.path.appending("said")))
    let first = await eventually { starts == 1 }
    #expect(first, "\(text("said"))")
    try write(isWhole: false)
    let said = await eventually { text("said").contains("what was served goes on") }
    #expect(said && starts == 1 && child.poll() == nil)
    try write(isWhole: true)
    let second = await eventually { starts == 2 }
    #expect(second, "\(text("said"))")
    try opz.directory.write("s/predict.py", "def predict(frame): return 2 * frame\n")
    let third = await eventually { starts == 3 }
    #expect(third && child.poll() == nil, "\(text("said"))")
    child.send(signal: SIGTERM)
    #expect(child.wait() == 0)
    #expect(starts == 3)
  }
}
