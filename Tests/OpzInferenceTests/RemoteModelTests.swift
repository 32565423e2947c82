import OpzIO
import OpzWire
import Synchronization
import Testing

@testable import OpzInference

/// Answers a request's inputs, and keeps the last request.
private final class EchoPredictor: RemotePredictor {
  let platform = "echo"
  let inputs: [TensorSpec]
  let outputs: [TensorSpec]
  let isReady = true
  let last = Mutex<RemoteRequest?>(nil)

  init(_ inputs: [TensorSpec] = [], outputs: [String] = []) {
    self.inputs = inputs
    self.outputs = outputs.map { TensorSpec($0, .fp64) }
  }

  func predict(_ request: RemoteRequest) async throws -> [RawTensor] {
    last.withLock { $0 = request }
    return request.inputs
  }
}

@Suite("A predictor elsewhere")
struct RemoteModelTests {
  private func ask(_ body: String, _ dialect: any InferenceDialect, echo: EchoPredictor = EchoPredictor())
    async throws
    -> String
  {
    let model = ServedModel(name: "m", version: "1", remote: echo)
    let exchange = Exchange(Array(body.utf8), dialect)
    let inference = try await model.infer(remotely: exchange, ServerLimits())
    return String(decoding: inference.body.bytes, as: UTF8.self)
  }

  @Test(
    "JSON goes to the predictor and back, of every datatype and any shape",
    arguments: [
      #"{"name":"x","datatype":"INT64","shape":[3],"data":[9223372036854775807,null,-9223372036854775808]}"#,
      #"{"name":"x","datatype":"UINT64","shape":[1],"data":[18446744073709551615]}"#,
      #"{"name":"x","datatype":"INT8","shape":[2],"data":[-128,127]}"#,
      #"{"name":"x","datatype":"FP64","shape":[1,2,2],"data":[0.1,null,-2.5,1e+300]}"#,
      #"{"name":"x","datatype":"FP32","shape":[2],"data":[0.1,null]}"#,
      #"{"name":"x","datatype":"BOOL","shape":[3],"data":[true,null,false]}"#,
      #"{"name":"x","datatype":"BYTES","shape":[2,2],"data":["","é",null,"x"]}"#,
    ])
  func echo(tensor: String) async throws {
    let text = try await ask("{\"inputs\":[\(tensor)]}", OpenInferenceDialect())
    #expect(text == "{\"model_name\":\"m\",\"model_version\":\"1\",\"outputs\":[\(tensor)]}")
  }

  @Test("an output that is asked for twice is refused")
  func twice() async {
    let body =
      #"{"outputs":[{"name":"y"},{"name":"z"},{"name":"y"}],"inputs":[{"name":"x","datatype":"INT8","shape":[1],"data":[1]}]}"#
    let failure = await #expect(throws: RequestFailure.self) { try await ask(body, OpenInferenceDialect()) }
    #expect(failure?.status == 400 && failure?.message == "duplicate output 'y'")
  }

  @Test("Nested data, parameters, outputs and the deadline arrive")
  func request() async throws {
    let echo = EchoPredictor()
    _ = try await ask(
      #"{"id":"a","parameters":{"t":[1,{"b":2}],"timeout":60000000},"outputs":[{"name":"y"}],"inputs":[{"name":"x","datatype":"UINT16","shape":[1,2,2],"data":[[[1,2],[3,65535]]]}]}"#,
      OpenInferenceDialect(), echo: echo)
    let request = try #require(echo.last.withLock { $0 })
    #expect(request.ids == ["a"] && request.outputs == ["y"] && request.deadline != nil)
    #expect(request.parameters.map { String(decoding: $0, as: UTF8.self) } == #"{"t":[1,{"b":2}],"timeout":60000000}"#)
    #expect(request.inputs == [RawTensor("x", .uint16, shape: [1, 2, 2], bytes: [1, 0, 2, 0, 3, 0, 255, 255])])
  }

  @Test("Numbers out of their datatype's range are refused", arguments: ["256", "-1", "1.5", "\"1\"", "1e2"])
  func range(value: String) async {
    await #expect(throws: RequestFailure.self) {
      try await ask(
        #"{"inputs":[{"name":"x","datatype":"UINT8","shape":[1],"data":[\#(value)]}]}"#, OpenInferenceDialect())
    }
  }

  @Test("Columns that nothing is known about get datatypes from their values, known ones from the model")
  func columns() async throws {
    let echo = EchoPredictor()
    let text = try await ask(
      #"{"instances":[{"t":null,"n":1,"b":true},{"t":"é","n":null,"b":false}]}"#, RowsDialect(.json), echo: echo)
    #expect(text == #"{"predictions":[null,"é"]}"#)
    #expect(echo.last.withLock { $0 }?.inputs.map(\.datatype) == [.bytes, .fp64, .bool])
    let known = EchoPredictor([TensorSpec("t", .bytes)])
    #expect(
      try await ask(#"{"instances":[[1],[2.5]]}"#, RowsDialect(.json), echo: known) == #"{"predictions":["1","2.5"]}"#)
  }

  @Test("Of several outputs, rows ask for the first alone")
  func wanted() async throws {
    let echo = EchoPredictor([TensorSpec("a", .fp64), TensorSpec("b", .fp64)], outputs: ["a", "b"])
    let body = #"{"instances":[{"a":1,"b":2}]}"#
    #expect(try await ask(body, RowsDialect(.json), echo: echo) == #"{"predictions":[1.0]}"#)
    #expect(echo.last.withLock { $0 }?.outputs == ["a"])
    let one = EchoPredictor([TensorSpec("a", .fp64)], outputs: ["z"])
    _ = try await ask(#"{"instances":[1]}"#, RowsDialect(.json), echo: one)
    // Asking for the only one saves nothing.
    #expect(one.last.withLock { $0 }?.outputs == nil)
  }

  @Test("Texts of gRPC go to the predictor as their bytes, UTF-8 or not, typed and raw")
  func bytes() async throws {
    for isRaw in [false, true] {
      var (message, tensor, contents) = (WireWriter(), WireWriter(), WireWriter())
      tensor.put(1, string: "x")
      tensor.put(2, string: "BYTES")
      tensor.put(3, packed: [2] as [Int64])
      contents.put(8, bytes: [0xff, 0])
      contents.put(8, bytes: [])
      if !isRaw { tensor.put(5, message: contents) }
      message.put(5, message: tensor)
      let raw: [UInt8] = [2, 0, 0, 0, 0xff, 0, 0, 0, 0, 0]
      if isRaw { message.put(7, bytes: raw) }
      let echo = EchoPredictor()
      let model = ServedModel(name: "m", version: "1", remote: echo)
      _ = try await model.infer(remotely: Exchange(message.bytes, ProtobufDialect()), ServerLimits())
      #expect(echo.last.withLock { $0 }?.inputs == [RawTensor("x", .bytes, shape: [2], bytes: raw)])
    }
  }

  @Test("Rows of nothing do not become columns without end")
  func sparse() async {
    let rows = String(repeating: "{},", count: 99_000)
    let names = (0..<900).map { "\"c\($0)\":1" }.joined(separator: ",")
    await #expect(throws: RequestFailure.self) {
      try await ask("{\"instances\":[\(rows){\(names)}]}", RowsDialect(.json))
    }
  }
}
