import OpzHTTPServer
import OpzIO
import OpzOCI
import OpzRegistry
import OpzTestKit

@testable import OpzHub

/// A hub for one test on a free loopback port, in this process.
final class TestHub: Sendable {
  let directory: TemporaryDirectory
  let registry: Registry
  let server: HTTPServer
  let responder: any Responder
  private let task: Task<Void, Never>

  init(limits: HubLimits = HubLimits(), _ wrap: (RegistryResponder) throws -> any Responder = { $0 }) async throws {
    directory = try TemporaryDirectory()
    registry = try Registry.create(directory.path.appending("registry"))
    server = try await HubCommand.listen("127.0.0.1", 0, limits: limits)
    responder = try wrap(try RegistryResponder(registry, limits: limits))
    task = Task { [server, responder] in await server.run(HubService(responder: responder)) }
  }

  deinit {
    server.abort()
    task.cancel()
  }

  /// `127.0.0.1:PORT`.
  var host: String { "127.0.0.1:\(server.port)" }

  func connect() throws -> RawConnection { try RawConnection(port: server.port) }

  /// Sends one request on a new connection and reads everything until its end.
  @discardableResult
  func ask(
    _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8] = []
  ) async throws -> Reply {
    try await TestHub.ask(port: server.port, method, target, headers: headers, body: body)
  }

  /// Sends a request over a connection of its own to the hub at a port.
  static func ask(
    port: Int, _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8] = []
  ) async throws -> Reply {
    let sent = TestHub.request(method, target, headers: headers, body: body, host: "127.0.0.1:\(port)")
    let line = "\(method) \(target)"
    let got = try await blocking {
      let connection = try RawConnection(port: port)
      connection.send(sent)
      var all: [UInt8] = []
      while let piece = try connection.receive() { all += piece }
      return all
    }
    guard let reply = Reply(got) else {
      throw RawConnection.Failure(description: "\(line): no response in \(got.count) bytes")
    }
    return reply
  }

  static func request(
    _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8] = [], host: String,
    isLast: Bool = true
  ) -> [UInt8] {
    var text = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n"
    if isLast { text += "Connection: close\r\n" }
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    let isSized = headers.contains { ["content-length", "transfer-encoding"].contains($0.0.lowercased()) }
    if !isSized, !body.isEmpty || ["POST", "PUT", "PATCH"].contains(method) {
      text += "Content-Length: \(body.count)\r\n"
    }
    return Array((text + "\r\n").utf8) + body
  }

  /// Pushes a blob in one piece.
  func push(_ bytes: [UInt8], to name: String = "team/model") async throws {
    let reply = try await ask("POST", "/v2/\(name)/blobs/uploads/?digest=\(Digest.of(bytes))", body: bytes)
    if reply.status != 201 { throw RawConnection.Failure(description: "a push was answered \(reply.status)") }
  }

  /// Pushes an image of one layer with everything that it names.
  func push(image layer: [UInt8], to name: String = "team/model", tag: String, subject: Descriptor? = nil) async throws
    -> Manifest
  {
    try await push(Array("{}".utf8), to: name)
    try await push(layer, to: name)
    let manifest = try Manifest(
      .init(config: .emptyConfig, layers: [.of(layer, .layerTar)], subject: subject, annotations: ["tag": tag]))
    let reply = try await put(manifest, name, reference: tag)
    if reply.status != 201 { throw RawConnection.Failure(description: "a manifest was answered \(reply.status)") }
    return manifest
  }

  func put(_ manifest: Manifest, _ name: String, reference: String) async throws -> Reply {
    try await ask(
      "PUT", "/v2/\(name)/manifests/\(reference)", headers: [("Content-Type", manifest.descriptor.mediaType.rawValue)],
      body: manifest.raw)
  }
}

/// Random bytes, a word at a time: debug builds are slow.
func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var random = SeededGenerator(seed: seed)
  var words = [UInt64](repeating: 0, count: count / 8 + 1)
  for index in words.indices { words[index] = random.next() }
  return words.withUnsafeBytes { Array($0.prefix(count)) }
}
