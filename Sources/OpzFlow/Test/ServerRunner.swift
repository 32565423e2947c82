import OpzHTTP
import OpzIO
import OpzJSON
import OpzModel
import OpzOCI
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Runs the server program of an image from its unpacked files, with the image's environment, on a free loopback port.
final class ServerRunner: ModelRunner {
  private let child: ChildProcess
  private let client: ServiceClient
  private let path: String
  /// As reported by the server.
  let readyMilliseconds: Int?

  var description: String { "opz-server of the image" }

  private init(_ child: ChildProcess, _ client: ServiceClient, path: String, _ readyMilliseconds: Int?) {
    self.child = child
    self.client = client
    self.path = path
    self.readyMilliseconds = readyMilliseconds
  }

  static func start(_ image: Image, root: FilePath, name: String, session: Session) async throws -> ServerRunner {
    let host = Platform.host
    guard image.config.architecture == host.architecture else {
      throw FlowError(
        .failed, "\(image.config.platform)", "an image for another processor cannot run on \(host)",
        hint: "run opz test on such a machine")
    }
    var environment = image.config.config?.env ?? []
    environment += ["OPZ_MODEL=\(root.appending("models"))", "OPZ_HOST=127.0.0.1", "OPZ_PORT=0", "OPZ_DRAIN_SECONDS=0"]
    let log = root.removingLastComponent().appending("\(root.lastComponent?.string ?? "opz").log")
    try Durable.remove(log)
    defer { try? Durable.remove(log) }
    let child = try ChildProcess.start(
      [root.appending("opz-server").string], environment: environment, directory: root, output: .discarded,
      errors: .file(log))
    do {
      let ready = try await ready(child, log)
      let client = try ServiceClient(port: ready.port, userAgent: session.tool.replacing(" ", with: "/"))
      return ServerRunner(child, client, path: "/v2/models/\(name)/infer", ready.milliseconds)
    } catch {
      child.send(signal: SIGKILL)
      _ = try? await blocking { child.wait() }
      throw error
    }
  }

  /// Waits for the log line that reports the port.
  private static func ready(_ child: ChildProcess, _ log: FilePath) async throws -> Ready {
    for _ in 0..<3000 {
      let text = (try? FileBlob(log).bytes()).map { String(decoding: $0, as: UTF8.self) } ?? ""
      for line in text.split(separator: "\n") {
        if let ready = try? JSONDecoding.decode(Ready.self, from: Array(line.utf8)), ready.event == "ready" {
          return ready
        }
      }
      if let status = child.poll() {
        throw FlowError(
          .verification, "opz-server of the image",
          "it exited with status \(status) before it was ready: \(text.suffix(500))")
      }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw FlowError(.verification, "opz-server of the image", "it was not ready after 30 s")
  }

  private struct Ready: Decodable {
    let event: String
    let port: Int
    let milliseconds: Int?

    enum CodingKeys: String, CodingKey {
      case event, port
      case milliseconds = "ready_ms"
    }
  }

  func predict(_ rows: [[String?]], _ model: Model) async throws -> [String: [TestValue]] {
    let inputs = model.signature.inputs.enumerated().map { column, feature in
      JSONValue.object([
        "name": .string(feature.name), "shape": .array([.integer(Int64(rows.count))]),
        "datatype": .string(feature.isText ? "BYTES" : "FP64"), "data": .array(rows.map { feature.value($0[column]) }),
      ])
    }
    let answer = try await infer(.object(["inputs": .array(inputs)]))
    var outputs: [String: [TestValue]] = [:]
    for output in answer.outputs { outputs[output.name] = try output.values(as: output.element) }
    return outputs
  }

  struct Answer: Decodable {
    struct Output: Decodable {
      let name: String
      /// FP64 where a file of expected responses leaves it out.
      let datatype: String?
      let data: [JSONValue]

      var element: ElementType { TestValue.element(of: datatype ?? "FP64") }

      /// - Throws: `FlowError` for a value that is not of the type.
      func values(as element: ElementType) throws -> [TestValue] {
        try data.enumerated().map { index, value in
          guard let value = TestValue(json: value, as: element) else {
            throw FlowError(.verification, "output \(name)", "its value \(index) is not of the type \(element)")
          }
          return value
        }
      }
    }
    let outputs: [Output]
  }

  /// Sends one inference request.
  func infer(_ body: JSONValue) async throws -> Answer {
    let (status, bytes) = try await client.post(path, CanonicalJSON.encode(body))
    guard status == 200 else {
      throw FlowError(
        .verification, "opz-server of the image",
        "it responded with \(status): \(String(decoding: bytes.prefix(500), as: UTF8.self))")
    }
    return try CanonicalJSON.decode(Answer.self, from: bytes, subject: "answer of opz-server")
  }

  /// Stops the server, killing it if it does not exit within 5 seconds.
  func stop() async {
    child.send(signal: SIGTERM)
    for _ in 0..<500 {
      if child.poll() != nil { return }
      try? await Task.sleep(for: .milliseconds(10))
    }
    child.send(signal: SIGKILL)
    _ = try? await blocking { [child] in child.wait() }
  }
}

extension Signature.Feature {
  /// Whether the column takes text values.
  fileprivate var isText: Bool {
    switch kind {
    case .categorical(let values): !values.isEmpty
    case .text: true
    case .numeric: false
    }
  }

  /// A cell as JSON; null if it is missing.
  fileprivate func value(_ cell: String?) -> JSONValue {
    guard let cell else { return .null }
    if isText { return .string(cell) }
    return Double(cell).map { .number($0) } ?? .string(cell)
  }
}
