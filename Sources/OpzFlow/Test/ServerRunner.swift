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
  /// From the start to readiness.
  let readyMilliseconds: Int?

  var description: String { "opz-server of the image" }

  private init(_ child: ChildProcess, _ client: ServiceClient, path: String, readyMilliseconds: Int?) {
    self.child = child
    self.client = client
    self.path = path
    self.readyMilliseconds = readyMilliseconds
  }

  /// Starts the server of a native image: a static program, which needs nothing of the image but the model.
  static func start(_ image: Image, root: FilePath, name: String, session: Session) async throws -> ServerRunner {
    try requireHost(image)
    var environment = image.config.config?.env ?? []
    // The settings are among the unpacked files too. What is last counts.
    if let line = environment.last(where: { $0.hasPrefix("\(ServedContract.variable)=/") }) {
      environment.removeAll { $0.hasPrefix("\(ServedContract.variable)=") }
      let place = root.pushing(FilePath(String(line.dropFirst(ServedContract.variable.utf8.count + 2))))
      environment.append("\(ServedContract.variable)=\(place)")
    }
    environment += ["OPZ_MODEL=\(root.appending("models"))"] + own
    return try await start(
      [root.appending("opz-server").string], environment, in: root, name: name, wait: 30, session: session)
  }

  /// Starts the server of an image with workers, which see the image's files as their root.
  /// - Parameter wait: seconds until it has to be ready.
  static func start(
    _ root: ImageRoot, _ image: Image, name: String, wait: Int, session: Session
  ) async throws -> ServerRunner {
    try requireHost(image)
    let command = try root.command(own)
    return try await start(command, root.environment, in: root.path, name: name, wait: wait, session: session)
  }

  /// What a test changes of the image's environment.
  private static let own = ["OPZ_HOST=127.0.0.1", "OPZ_PORT=0", "OPZ_DRAIN_SECONDS=0"]

  private static func requireHost(_ image: Image) throws {
    let host = Platform.host
    guard image.config.architecture == host.architecture else {
      throw FlowError(
        .failed, "\(image.config.platform)", reason: "an image for another processor cannot run on \(host)",
        hint: "run opz test on such a machine")
    }
  }

  private static func start(
    _ command: [String], _ environment: [String], in root: FilePath, name: String, wait: Int, session: Session
  ) async throws -> ServerRunner {
    let log = root.removingLastComponent().appending("\(root.lastComponent?.string ?? "opz").log")
    try Durable.remove(log)
    defer { try? Durable.remove(log) }
    let began = ContinuousClock.now
    let child = try ChildProcess.start(
      command, environment: environment, directory: root, output: .discarded, errors: .file(log))
    do {
      let watch = ServerStart(child, log, deadline: began.advanced(by: .seconds(wait)), seconds: wait)
      let listening = try await watch.listening()
      let client = try ServiceClient(port: listening.port, userAgent: session.tool.replacing(" ", with: "/"))
      try await watch.ready(client)
      let took = Int(began.duration(to: .now) / .milliseconds(1))
      return ServerRunner(child, client, path: "/v2/models/\(name)", readyMilliseconds: listening.milliseconds ?? took)
    } catch {
      child.send(signal: SIGKILL)
      _ = try? await blocking { child.wait() }
      throw error
    }
  }

  var pid: Int32 { child.pid }

  /// What the server says of the model.
  func signature() async throws -> TestSignature {
    let (status, bytes) = try await client.get(path)
    guard status == 200 else { throw ServerRunner.refused(status, bytes) }
    let metadata = try CanonicalJSON.decode(Metadata.self, from: bytes, subject: "answer of opz-server")
    return TestSignature(
      inputs: metadata.inputs.map { TestColumn(name: $0.name, datatype: $0.datatype) },
      outputs: metadata.outputs.map {
        TestSignature.Output(name: $0.name, element: TestValue.element(of: $0.datatype), width: nil)
      })
  }

  private struct Metadata: Decodable {
    struct Tensor: Decodable {
      let name: String
      let datatype: String
    }
    let inputs: [Tensor]
    let outputs: [Tensor]
  }

  func predict(_ rows: [[String?]], _ columns: [TestColumn]) async throws -> [String: [TestValue]] {
    let inputs = columns.enumerated().map { column, feature in
      JSONValue.object([
        "name": .string(feature.name), "shape": .array([.integer(Int64(rows.count))]),
        "datatype": .string(feature.datatype), "data": .array(rows.map { feature.value($0[column]) }),
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
            throw FlowError(.verification, "output \(name)", reason: "its value \(index) is not of the type \(element)")
          }
          return value
        }
      }
    }
    let outputs: [Output]
  }

  /// Sends one inference request.
  func infer(_ body: JSONValue) async throws -> Answer {
    try await infer(CanonicalJSON.encode(body))
  }

  /// Sends one inference request as it stands in a file.
  func infer(_ body: [UInt8]) async throws -> Answer {
    let (status, bytes) = try await client.post("\(path)/infer", body)
    guard status == 200 else { throw ServerRunner.refused(status, bytes) }
    return try CanonicalJSON.decode(Answer.self, from: bytes, subject: "answer of opz-server")
  }

  private static func refused(_ status: Int, _ bytes: [UInt8]) -> FlowError {
    FlowError(
      .verification, "opz-server of the image",
      reason: "it responded with \(status): \(String(decoding: bytes.prefix(500), as: UTF8.self))")
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

extension TestColumn {
  /// A cell as JSON; null if it is missing.
  func value(_ cell: String?) -> JSONValue {
    guard let cell else { return .null }
    switch datatype {
    case "BYTES": return .string(cell)
    case "BOOL": return TestValue.truth(cell).map { .bool($0) } ?? .string(cell)
    case "FP64", "FP32", "FP16": return Double(cell).map { .number($0) } ?? .string(cell)
    default:
      // pandas writes whole numbers as 1.0 where a column has missing ones.
      return Int64(cell).map { .integer($0) } ?? Double(cell).flatMap { Int64(exactly: $0) }.map { .integer($0) }
        ?? .string(cell)
    }
  }
}
