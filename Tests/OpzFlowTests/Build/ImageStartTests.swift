import OpzIO
import OpzJSON
import OpzModel
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzFlow

@Suite("Starting the server of an image")
struct ImageStartTests {
  @Test("the log line of the port is the server's, and no line of a worker that has a port")
  func port() async throws {
    let directory = try TemporaryDirectory()
    let log = directory.path.appending("log")
    let lines = [
      #"{"event":"worker","port":1}"#, #"{"port":2}"#, "text", #"{"event":"metrics","port":3}"#,
      #"{"event":"ready","port":4}"#,
    ]
    let child = try ChildProcess.start(
      ["/bin/sh", "-c", "printf '%s\\n' \"$@\" >&2; exec sleep 600", "sh"] + lines, output: .discarded,
      errors: .file(log))
    defer {
      child.send(signal: 9)
      child.wait()
    }
    let start = ServerStart(child, log, deadline: .now.advanced(by: .seconds(300)), seconds: 300)
    #expect(try await start.listening().port == 4)
  }

  @Test("the image's variables are set in its root by its own env, and what is no assignment is left out")
  func environment() async throws {
    let directory = try TemporaryDirectory()
    let project = try Project()
    var session = project.session
    session.environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    let image = try Self.image([
      "LD_PRELOAD=/evil.so", "GLIBC_TUNABLES=x=y", "PLAIN", "=x", "A=1=2", "-i=3", "OPZ_PORT=1",
    ])
    guard let root = try? ImageRoot(directory.path, of: image, session) else { return }
    let command = try root.command(["OPZ_PORT=0"])
    let enter = try #require(command.firstIndex(of: "--root=\(directory.path)"))
    let env = try #require(command.firstIndex(of: "/usr/bin/env"))
    #expect(enter < env && !command[..<env].contains { $0.hasPrefix("LD_") || $0 == "env" })
    #expect(
      Array(command[env...]) == [
        "/usr/bin/env", "-i", "--", "LD_PRELOAD=/evil.so", "GLIBC_TUNABLES=x=y", "A=1=2", "-i=3", "OPZ_PORT=0",
        "/opz-server",
      ])
    #expect(root.environment.allSatisfy { $0.hasPrefix("PATH=") || $0.hasPrefix("LC_ALL=") })
  }

  private static func image(_ environment: [String]) throws -> Image {
    let config = JSONValue.object([
      "architecture": .string("amd64"), "os": .string("linux"),
      "config": .object([
        "Env": .array(environment.map { .string($0) }), "Entrypoint": .array([.string("/opz-server")]),
      ]), "rootfs": .object(["type": .string("layers"), "diff_ids": .array([])]),
    ])
    let bytes = try CanonicalJSON.encode(config)
    let manifest = try CanonicalJSON.encode(
      JSONValue.object([
        "schemaVersion": .integer(2), "mediaType": .string("application/vnd.oci.image.manifest.v1+json"),
        "config": .object([
          "mediaType": .string("application/vnd.oci.image.config.v1+json"),
          "digest": .string("\(Digest.of(bytes))"), "size": .integer(Int64(bytes.count)),
        ]), "layers": .array([]),
      ]))
    return try Image(manifest: Manifest(raw: manifest, mediaType: .imageManifest, subject: "test"), configBytes: bytes)
  }

  // MARK: The example

  private static let column = TestColumn(name: "a", datatype: "FP64")

  @Test("a test that sent nothing, or a made-up row that is refused, is no test: an example is asked for")
  func example() async throws {
    let none = await #expect(throws: FlowError.self) {
      _ = try await ExampleCheck(nil, TestSignature(inputs: [], outputs: [])).run { _ in
        throw FlowError(.failed, "", reason: "nothing is to be sent")
      }
    }
    #expect(none?.category == .notFound && none?.hint?.contains("example.json") == true)
    let refused = FlowError(.verification, "opz-server of the image", reason: "it responded with 400: no such category")
    let made = await #expect(throws: FlowError.self) {
      _ = try await ExampleCheck(nil, TestSignature(inputs: [Self.column], outputs: [])).run { _ in throw refused }
    }
    #expect(made?.category == .notFound && made?.reason.contains("no such category") == true)
    // The user's own example is right: what the server says of it is the failure.
    let own = await #expect(throws: FlowError.self) {
      _ = try await ExampleCheck([123, 125], TestSignature(inputs: [Self.column], outputs: [])).run { _ in throw refused
      }
    }
    #expect(own?.category == .verification)
  }
}
