import OpzHub
import OpzIO
import OpzOCI
import OpzRegistryKit
import OpzTestKit
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `opz push`, killed at random moments and restarted. OPZ_KILLS sets how often.
@Suite("A killed push")
struct PushKillTests {
  private static let size = 6_000_000
  private static let chunk = 500_000
  private static let kills = ProcessEnvironment.value("OPZ_KILLS").flatMap { Int($0) } ?? 6

  private let opz: Command

  init() throws {
    opz = try Command()
    var random = SeededGenerator(seed: 7)
    try Durable.replace(
      opz.directory.path.appending("p").appending("weights.bin"), with: random.bytes(Self.size))
    let made = try opz("package", "p", "--version", "1.0.0")
    try #require(made.status == 0, "\(made.errorText)")
  }

  @Test("resumes where the registry's copy ends, and ends with the same digest", arguments: [true, false])
  func goesOn(_ keepsCutChunks: Bool) async throws {
    var random = SeededGenerator(seed: keepsCutChunks ? 1 : 2)
    guard case .string(let expected) = try opz.json("show", "weights@1.0.0")["digest"] else {
      throw MissingProgram("opz show --json without a digest")
    }
    var killed = 0
    while killed < Self.kills {
      let server = try SpecRegistry(keeping: keepsCutChunks)
      try learn(server)
      var here = 0
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let moment = Int.random(in: 0..<Self.size, using: &random)
        if try kill(server, after: moment, microseconds: .random(in: 0..<3000, using: &random)) { here += 1 }
      }
      let last = try opz("push", "weights@1.0.0", "\(server.host)/team/model:1.0.0")
      try #require(last.status == 0, "\(last.errorText)")
      #expect(server.digest(ofTag: "1.0.0")?.description == expected)
      // Small blobs are sent whole each time; of large blobs, at most one chunk per kill is sent twice.
      let allowed = here * (Self.chunk + 100_000) + 100_000
      #expect(server.received - Self.size <= allowed, "\(server.received) bytes after \(here) kills")
      let left = try Directory.entries(opz.directory.path.appending("registry/cache/push/uploads"))
      #expect(left.isEmpty)
      killed += max(1, here)
      server.stop()
    }
  }

  @Test("killed while it removes its journal entry, it leaves the entry to the next push, and nothing is sent twice")
  func atTheVeryEnd() throws {
    let server = try SpecRegistry()
    try learn(server)
    let words = ["push", "weights@1.0.0", "\(server.host)/team/model:1.0.0"]
    // The blob's journal entry is the only file that a push removes.
    let fault = ["-e", "trace=unlink", "-e", "inject=unlink:signal=KILL:when=1"]
    let killed = try ChildProcess.run(
      ["strace", "-f", "-q", "-o", "/dev/null"] + fault + [try BuiltPrograms.opz().string] + words,
      environment: opz.environment.map { "\($0.key)=\($0.value)" }, directory: opz.directory.path)
    #expect(killed.status != 0)
    let uploads = opz.directory.path.appending("registry/cache/push/uploads")
    #expect(try Directory.entries(uploads).count == 1, "it was killed at another moment")
    let sent = server.received
    let last = try opz.run(words)
    #expect(last.status == 0, "\(last.errorText)")
    #expect(try Directory.entries(uploads).isEmpty)
    #expect(server.received - sent < 100_000, "what was there went once more")
    server.stop()
  }

  /// A client that knows this request size limit sends everything larger in chunks.
  private func learn(_ server: SpecRegistry) throws {
    let port = server.host.split(separator: ":")[1]
    let now = Timestamp.now().milliseconds
    try opz.directory.write(
      "registry/cache/push/registries/http-127.0.0.1-\(port).json",
      #"{"format":1,"learned":\#(now),"registry":"http://\#(server.host)","requestMaximum":\#(Self.chunk)}"#)
  }

  /// Kills a push a little after the registry got this many more bytes. False if the push was done before.
  private func kill(_ server: SpecRegistry, after bytes: Int, microseconds: UInt32) throws -> Bool {
    let begin = server.received
    let log = opz.directory.path.appending("log")
    let process = try ChildProcess.start(
      [try BuiltPrograms.opz().string, "push", "weights@1.0.0", "\(server.host)/team/model:1.0.0"],
      environment: opz.environment.map { "\($0.key)=\($0.value)" }, directory: opz.directory.path,
      output: .file(log), errors: .file(log))
    while process.poll() == nil, server.received - begin < bytes { usleep(200) }
    usleep(microseconds)
    let wasRunning = process.poll() == nil
    process.send(signal: SIGKILL)
    process.wait()
    return wasRunning
  }
}
