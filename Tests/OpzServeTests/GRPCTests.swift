import NIOCore
import OpzHTTPServer
import OpzIO
import OpzInference
import OpzTestKit
import OpzWire
import Testing

@testable import OpzServe

/// `scripts/test-peers` has grpcio and tritonclient call the same methods.
@Suite("gRPC")
struct GRPCTests {
  private let server = InferenceServer.sample()
  private static let service = "/inference.GRPCInferenceService/"
  private static let infer = service + "ModelInfer"

  private static func floats(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
  }

  private static func matrix(_ model: String = "team/score") -> InferMessage {
    var message = InferMessage(model: model, id: "é")
    message.add("x", "FP32", shape: [2, 3], raw: floats([1, 2, 0, .nan, 2, 1]))
    return message
  }

  @Test("Raw is answered raw, in pieces of any size", arguments: [1, 3, 1000])
  func raw(piece: Int) async throws {
    let result = await server.call(GRPCTests.infer, [GRPCTests.matrix().bytes], piece: piece)
    #expect(result.status == 0 && result.messages.count == 1, "\(result.text)")
    let reply = try InferReply(try #require(result.messages.first))
    #expect(reply.id == "é" && reply.names == ["score", "row"] && reply.typed.isEmpty)
    #expect(reply.raw.first == GRPCTests.floats([21, 1120]))
  }

  @Test("Typed contents of every datatype are answered typed")
  func typed() async throws {
    let datatypes: [(String, Int, (inout WireWriter) -> Void)] = [
      ("BOOL", 1, { $0.put(1, packed: [1, 0, 1] as [Int64]) }),
      ("INT8", 2, { $0.put(2, packed: [1, 0, 1] as [Int64]) }),
      ("INT16", 2, { for value in [1, 0, 1] as [Int64] { $0.put(2, int64: value) } }),
      ("INT32", 2, { $0.put(2, packed: [1, 0, 1] as [Int64]) }),
      ("INT64", 3, { $0.put(3, packed: [1, 0, 1] as [Int64]) }),
      ("UINT8", 4, { $0.put(4, packed: [1, 0, 1] as [Int64]) }),
      ("UINT16", 4, { $0.put(4, packed: [1, 0, 1] as [Int64]) }),
      ("UINT32", 4, { $0.put(4, packed: [1, 0, 1] as [Int64]) }),
      ("UINT64", 5, { $0.put(5, packed: [1, 0, 1] as [Int64]) }),
      ("FP32", 6, { $0.put(6, packed: [1, 0, 1] as [Float]) }),
      ("FP64", 7, { $0.put(7, packed: [1, 0, 1] as [Double]) }),
    ]
    for (datatype, _, contents) in datatypes {
      var message = InferMessage()
      message.add("x", datatype, shape: [1, 3], contents: contents)
      message.ask("row")
      let result = await server.call(GRPCTests.infer, [message.bytes])
      let reply = try InferReply(result.messages.first ?? [])
      #expect(result.status == 0 && reply.typed == [[1, 0, 1]] && reply.raw.isEmpty, "\(datatype): \(result.text)")
    }
  }

  @Test("The size of raw contents may be said too, as KServe's client does")
  func size() async {
    var (message, tensor, entry, size) = (InferMessage(), WireWriter(), WireWriter(), WireWriter())
    size.put(2, int64: 12)
    entry.put(1, string: "binary_data_size")
    entry.put(2, message: size)
    tensor.put(1, string: "x")
    tensor.put(2, string: "FP32")
    tensor.put(3, packed: [1, 3] as [Int64])
    tensor.put(4, message: entry)
    message.writer.put(5, message: tensor)
    message.writer.put(7, bytes: GRPCTests.floats([1, 2, 0]))
    #expect(await server.call(GRPCTests.infer, [message.bytes]).status == 0)
  }

  @Test("Texts come typed and raw")
  func texts() async throws {
    var typed = InferMessage()
    typed.add("a", "FP32", shape: [2]) { $0.put(6, packed: [1, 2] as [Float]) }
    typed.add("b", "INT64", shape: [2]) { $0.put(3, packed: [0, 0] as [Int64]) }
    typed.add("colour \"é\"", "BYTES", shape: [2]) {
      $0.put(8, string: "blue\n")
      $0.put(8, string: "red")
    }
    #expect(
      try InferReply(await server.call(GRPCTests.infer, [typed.bytes]).messages.first ?? []).typed[0] == [201, 2])
    var raw = InferMessage()
    raw.add("a", "FP32", shape: [1], raw: GRPCTests.floats([1]))
    raw.add("b", "FP32", shape: [1], raw: GRPCTests.floats([0]))
    raw.add("colour \"é\"", "BYTES", shape: [1], raw: [5, 0, 0, 0] + Array("green".utf8))
    let reply = try InferReply(await server.call(GRPCTests.infer, [raw.bytes]).messages.first ?? [])
    #expect(reply.raw[0] == GRPCTests.floats([101]))
  }

  /// Requests that are refused, by what is said about them.
  private static func refused() -> [(String, [UInt8], Int)] {
    func changed(_ change: (inout InferMessage) -> Void) -> [UInt8] {
      var message = InferMessage()
      change(&message)
      return message.bytes
    }
    func repeated(_ bytes: [UInt8]) -> [UInt8] { Array(repeatElement(bytes, count: 50_000).joined()) }
    func parameter(_ name: String, _ value: (inout WireWriter) -> Void) -> [UInt8] {
      var (message, entry, parameter) = (matrix(), WireWriter(), WireWriter())
      value(&parameter)
      entry.put(1, string: name)
      entry.put(2, message: parameter)
      message.writer.put(4, message: entry)
      return message.bytes
    }
    return [
      ("there is no model", matrix("other").bytes, 5), ("not a ModelInferRequest", [0xff], 3),
      ("no inputs", changed { _ in }, 3),
      (
        "another type", changed { $0.add("x", "FP32", shape: [1, 3]) { $0.put(7, packed: [1, 2, 3] as [Double]) } }, 3
      ),
      (
        "another type",
        changed {
          $0.add("x", "FP32", shape: [1, 3]) {
            $0.put(6, packed: [1, 2, 0] as [Float])
            $0.put(7, packed: [1] as [Double])
          }
        }, 3
      ),
      // Lists of hostile messages: two bytes of the message would be a hundred in memory.
      ("more inputs than the model's 3", InferMessage().bytes + repeated([0x2a, 0]), 3),
      ("more inputs than the model's 3", matrix().bytes + repeated([0x3a, 0]), 3),
      ("more than 100 parameters", InferMessage().bytes + repeated([0x22, 2, 0x12, 0]), 3),
      ("more than 32 elements", changed { $0.add("x", "FP32", shape: Array(repeating: 1, count: 50_000)) }, 3),
      (
        "2 elements instead", changed { $0.add("x", "FP32", shape: [1, 3]) { $0.put(6, packed: [1, 2] as [Float]) } }, 3
      ),
      (
        "more than the 3",
        changed { $0.add("x", "FP32", shape: [1, 3]) { $0.put(6, packed: [1, 2, 3, 4] as [Float]) } }, 3
      ),
      ("neither contents", changed { $0.add("x", "FP32", shape: [1, 3]) }, 3),
      (
        "no typed contents",
        changed { $0.add("x", "FP16", shape: [1, 3]) { $0.put(6, packed: [1, 2, 3] as [Float]) } }, 3
      ),
      (
        "300 is not of datatype INT8",
        changed { $0.add("x", "INT8", shape: [1, 3]) { $0.put(2, packed: [1, 2, 300] as [Int64]) } }, 3
      ),
      ("0 or more", changed { $0.add("x", "FP32", shape: [-1, 3]) }, 3),
      ("the limit is 100000", changed { $0.add("x", "FP32", shape: [.max, 3]) }, 3),
      ("one or two dimensions", changed { $0.add("x", "FP32", shape: [1, 1, 3]) }, 3),
      ("needs 12", changed { $0.add("x", "FP32", shape: [1, 3], raw: [1]) }, 3),
      (
        "either all are raw",
        changed {
          $0.add("x", "FP32", shape: [1, 3], raw: []); $0.add("y", "FP32", shape: [1])
        }, 3
      ),
      ("beside raw", changed { $0.add("x", "FP32", shape: [0, 3], raw: []) { $0.put(6, packed: [1] as [Float]) } }, 3),
      ("not one of BOOL", changed { $0.add("x", "FLOAT", shape: [1, 3]) }, 3),
      (
        "no output 'z'",
        changed {
          $0.add("x", "FP32", shape: [1, 3], raw: floats([1, 2, 0])); $0.ask("z")
        }, 3
      ),
      ("time is over", parameter("timeout") { $0.put(2, int64: 1) }, 4),
      ("time is over", parameter("timeout") { $0.put(5, uint64: 1) }, 4),
      ("'sequence_id'", parameter("sequence_id") { $0.put(2, int64: 1) }, 3),
      ("'priority'", parameter("priority") { $0.put(5, uint64: 1) }, 3),
    ]
  }

  @Test("A refused request has its status and reason")
  func wrong() async {
    for (reason, message, status) in GRPCTests.refused() {
      let result = await server.call(GRPCTests.infer, [message])
      #expect(result.status == status && result.text.contains(reason), "\(reason): \(result)")
    }
  }

  @Test("Mutated messages are answered or refused, never an internal error", arguments: 0..<10 as Range<UInt64>)
  func mutations(seed: UInt64) async {
    var random = SeededGenerator(seed: seed)
    var typed = InferMessage()
    typed.add("x", "INT64", shape: [1, 3]) { $0.put(3, packed: [1, 2, 300] as [Int64]) }
    for original in [GRPCTests.matrix().bytes, typed.bytes] {
      for _ in 0..<100 {
        var bytes = original
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          let place = Int.random(in: 0..<bytes.count, using: &random)
          bytes[place] = UInt8.random(in: .min ... .max, using: &random)
        }
        let status = await server.call(GRPCTests.infer, [bytes]).status
        #expect(status != nil && ![2, 13].contains(status), "\(bytes): \(status ?? -1)")
      }
    }
  }

  @Test(
    "What is no message of a call is refused",
    arguments: [
      ([], 3, "no message"), ([0, 0, 0], 3, "in the middle"), ([0, 0, 0, 0, 9, 1], 3, "in the middle"),
      ([1, 0, 0, 0, 0], 12, "compressed"), ([0, 255, 255, 255, 255], 8, "the limit of this server"),
    ] as [([UInt8], Int, String)])
  func framing(bytes: [UInt8], status: Int, reason: String) async {
    let result = await server.call(GRPCTests.infer, bytes: bytes)
    #expect(result.status == status && result.text.contains(reason), "\(result)")
  }

  @Test("Headers say what a call is")
  func headers() async throws {
    let message = GRPCTests.matrix().bytes
    #expect(await server.call("/x.Y/Z", [message]).status == 12)
    #expect(await server.call(GRPCTests.infer, [message], fields: ["grpc-encoding": "gzip"]).status == 12)
    #expect(await server.call(GRPCTests.infer, [message], fields: ["grpc-encoding": "identity"]).status == 0)
    #expect(await server.call(GRPCTests.infer, [message], fields: ["grpc-timeout": "1n"]).status == 4)
    #expect(await server.call(GRPCTests.infer, [message], fields: ["grpc-timeout": "123456789S"]).status == 3)
    #expect(await server.call(GRPCTests.service + "ServerLive", [[]], fields: ["grpc-timeout": "1n"]).status == 4)
    let http1 = await server.ask("POST", GRPCTests.infer, headers: ["Content-Type": "application/grpc"])
    #expect(http1.status == 415)
  }

  @Test("Liveness, readiness and metadata")
  func small() async throws {
    func ask(_ method: String, _ fields: [(Int, String)] = []) async -> CallResult {
      var message = WireWriter()
      for (number, text) in fields { message.put(number, string: text) }
      return await server.call(method.hasPrefix("/") ? method : GRPCTests.service + method, [message.bytes])
    }
    #expect(await ask("ServerLive").messages == [[8, 1]])
    #expect(await ask("ServerReady").messages == [[]])
    server.lifecycle.becomeReady()
    #expect(await ask("ServerReady").messages == [[8, 1]])
    #expect(await ask("ModelReady", [(1, "team/score"), (2, "3")]).messages == [[8, 1]])
    #expect(await ask("ModelReady", [(1, "team/score"), (2, "4")]).status == 5)
    #expect(await ask("ModelMetadata", [(1, "other")]).status == 5)
    #expect(await ask("ModelStatistics").messages.count == 1)
    // Triton's, MLServer's and KServe's way to name the model.
    let repository = "/inference.model_repository.ModelRepositoryService/"
    for (method, field, name, status) in [
      ("RepositoryModelLoad", 2, "team/score", 12), ("RepositoryModelUnload", 1, "team/score", 12),
      (repository + "RepositoryModelLoad", 2, "other", 5), ("RepositoryModelLoad", 1, "other", 5),
    ] {
      #expect(await ask(method, [(field, name)]).status == status)
    }
    #expect(await ask("RepositoryIndex").messages == (await ask(repository + "RepositoryIndex").messages))
  }

  @Test("Health: Check, List and Watch, which tells of a change and ends when the server stops")
  func health() async throws {
    func check(_ service: String) async -> CallResult {
      var message = WireWriter()
      message.put(1, string: service)
      return await server.call("/grpc.health.v1.Health/Check", [message.bytes])
    }
    #expect(await check("").messages == [[8, 2]])
    server.lifecycle.becomeReady()
    for service in ["", "inference.GRPCInferenceService", "team/score"] {
      #expect(await check(service).messages == [[8, 1]])
    }
    #expect(await check("x").status == 5)
    #expect(await server.call("/grpc.health.v1.Health/List", [[]]).messages.first?.isEmpty == false)
    async let watched = server.call("/grpc.health.v1.Health/Watch", [[]])
    async let unknown = server.call("/grpc.health.v1.Health/Watch", [[10, 1, 120]])
    try await Task.sleep(for: .milliseconds(50))
    server.lifecycle.beginDraining()
    try await Task.sleep(for: .milliseconds(600))
    server.lifecycle.beginStopping()
    let (result, other) = await (watched, unknown)
    // Whether the first state is seen depends on when the call begins.
    #expect(result.messages.last == [8, 2] && result.status == 14)
    #expect(other.messages == [[8, 3]] && other.status == 14)
  }

  @Test("A stream of requests is answered one by one, and goes on after one that is refused")
  func stream() async throws {
    let result = await server.call(
      GRPCTests.service + "ModelStreamInfer",
      [GRPCTests.matrix().bytes, GRPCTests.matrix("x").bytes, GRPCTests.matrix().bytes],
      piece: 7)
    #expect(result.status == 0 && result.messages.count == 3)
    var numbers: [Int] = []
    for message in result.messages {
      var reader = try WireReader(message)
      while let field = try reader.next() {
        numbers.append(field.number)
        try reader.skip(field)
      }
    }
    #expect(numbers == [2, 1, 2])
  }

  @Test("A message for which there is no memory is passed over, and the stream goes on after it")
  func refusedInStream() async throws {
    var large = GRPCTests.matrix()
    large.writer.put(100, bytes: [UInt8](repeating: 10, count: 50_000))
    let held = server.admission.open()
    try held.add(bytes: server.limits.bodyBudget - 30_000)
    let small = GRPCTests.matrix().bytes
    let result = await server.call(
      GRPCTests.service + "ModelStreamInfer", [small, large.bytes, small, large.bytes, large.bytes], piece: 7000)
    #expect(result.status == 0, "\(result.text)")
    let numbers = try result.messages.map { message in
      var reader = try WireReader(message)
      return try reader.next()?.number
    }
    #expect(numbers == [2, 1, 2, 1, 1])
  }

  @Test("What is read of a stream takes no memory, however the messages are split", arguments: [1, 7, 1000, 4096])
  func buffer(piece: Int) async throws {
    let message = [UInt8](repeating: 1, count: 300)
    let bytes = [[UInt8]](repeating: GRPCMessages.frame(message), count: 2000).flatMap { $0 }
    var messages = GRPCMessages(PiecesBody(bytes, piece), limit: 1000)
    var (count, most) = (0, 0)
    while try await messages.hasNext(), let next = try await messages.next() {
      #expect(next == message)
      count += 1
      most = max(most, messages.buffer.storageCapacity)
    }
    #expect(count == 2000 && most <= 16_384, "\(most)")
  }

  @Test(
    "A status says any text, within what clients take for a header",
    arguments: ["a b~%", "é\n\0", String(repeating: "é%\u{1F600}", count: 1000)])
  func statusTexts(text: String) {
    let value = GRPCStatus(.internal, text).fields.last?.value ?? ""
    #expect(value.utf8.allSatisfy { (0x20...0x7e).contains($0) } && value.utf8.count <= 6000)
    #expect(PercentCoding.decode(value).map { text.hasPrefix($0) } == true)
  }

  @Test("Reflection: every service, and a file for each symbol in it")
  func reflection() async throws {
    func ask(_ number: Int, _ text: String) async throws -> WireReader {
      var message = WireWriter()
      message.put(number, string: text)
      let result = await server.call(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", [message.bytes])
      return try WireReader(try #require(result.messages.first))
    }
    func answer(_ reader: WireReader) throws -> Int? {
      var (reader, last) = (reader, 0)
      while let field = try reader.next() {
        last = field.number
        try reader.skip(field)
      }
      return last
    }
    #expect(try answer(try await ask(7, "")) == 6)
    #expect(try answer(try await ask(3, "grpc_predict_v2.proto")) == 4)
    #expect(try answer(try await ask(3, "x")) == 7)
    for symbol in [
      "inference.GRPCInferenceService", "inference.GRPCInferenceService.ModelInfer",
      "inference.ModelInferRequest.InferInputTensor", "inference.ModelInferRequest.id",
      "grpc.health.v1.HealthCheckResponse.ServingStatus",
    ] {
      #expect(try answer(try await ask(4, symbol)) == 4, "\(symbol)")
    }
    for symbol in ["inference", "inference.", "inference.Nothing", "inference.GRPCInferenceService.X", "x.y"] {
      #expect(try answer(try await ask(4, symbol)) == 7, "\(symbol)")
    }
    // Every message that a field or method names is in its file.
    for file in ProtoFile.all {
      for service in file.services {
        for method in service.methods { #expect(file.defines(method.input) && file.defines(method.output)) }
      }
      for message in file.messages {
        for field in message.fields {
          if case .message(let name) = field.type { #expect(file.defines(name), "\(message.name).\(field.name)") }
        }
      }
    }
  }
}
