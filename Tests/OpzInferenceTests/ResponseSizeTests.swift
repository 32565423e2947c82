import OpzModel
import OpzTestKit
import Testing

@testable import OpzInference

/// What a response takes is known before it is written.
@Suite("The size of a response")
struct ResponseSizeTests {
  private static let dialects: [any InferenceDialect] = [
    OpenInferenceDialect(), RowsDialect(.json), ProtobufDialect(),
  ]

  private static func number(_ random: inout SeededGenerator) -> UInt64 {
    // Extremes too.
    Bool.random(using: &random) ? .random(in: .min ... .max, using: &random) : [0, .max, 1 << 63].randomElement() ?? 0
  }

  private static func tensor(_ datatype: Datatype, _ rows: Int, random: inout SeededGenerator) -> RawTensor {
    let shape = Bool.random(using: &random) ? [rows] : [rows, 2]
    var tensor = RawTensor("y", datatype, shape: shape, bytes: [])
    for place in 0..<tensor.count {
      if let size = datatype.size {
        let value = datatype == .bool ? number(&random) & 1 : number(&random)
        withUnsafeBytes(of: value.littleEndian) { tensor.bytes += $0.prefix(size) }
      } else {
        let count = Int.random(in: 0...40, using: &random)
        let text = (0..<count).map { _ in UInt8.random(in: 0...127, using: &random) }
        withUnsafeBytes(of: UInt32(count).littleEndian) { tensor.bytes += $0 }
        tensor.bytes += text
      }
      if !datatype.isFloat, Int.random(in: 0..<4, using: &random) == 0 { tensor.missing.append(place) }
    }
    return tensor
  }

  private static func answer(_ outputs: [OutputTensor], binary: Bool) -> InferenceAnswer {
    InferenceAnswer(
      model: "m", version: "1", id: nil, outputs: outputs, isBinary: outputs.map { _ in binary }, rows: 1)
  }

  @Test("It holds for tensors of workers of every datatype", arguments: Datatype.allCases, 0..<20 as Range<UInt64>)
  func raw(datatype: Datatype, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for rows in [0, 1, 100] {
      var tensor = ResponseSizeTests.tensor(datatype, rows, random: &random)
      for dialect in ResponseSizeTests.dialects {
        let answer = ResponseSizeTests.answer([OutputTensor(tensor)], binary: false)
        // Missing values have no typed form.
        guard tensor.missing.isEmpty || !(dialect is ProtobufDialect) else { continue }
        #expect(try dialect.response(answer).bytes.count <= dialect.responseBytes(answer))
      }
      tensor.missing = []
      for dialect in ResponseSizeTests.dialects where !(dialect is RowsDialect) {
        let answer = ResponseSizeTests.answer([OutputTensor(tensor)], binary: true)
        #expect(try dialect.response(answer).bytes.count <= dialect.responseBytes(answer))
      }
    }
  }

  @Test("Texts are estimated by what they are, and not by their number")
  func texts() throws {
    let text = String(repeating: "x", count: 100_000)
    let bytes = withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { Array($0) } + text.utf8
    let answer = ResponseSizeTests.answer(
      [OutputTensor(RawTensor("y", .bytes, shape: [1], bytes: bytes))], binary: false)
    let size = OpenInferenceDialect().responseBytes(answer)
    #expect(size >= text.utf8.count && size < text.utf8.count + 1000)
  }

  @Test("It holds for the scorer's outputs")
  func scored() throws {
    let outputs = [
      OutputTensor(OutputSpec(name: "f"), rows: 3, values: .float32([-1.1754944e-38, .nan, 1])),
      OutputTensor(
        OutputSpec(name: "d", columns: 2, element: .float64), rows: 1,
        values: .float64([-2.2250738585072014e-308, .infinity])),
      OutputTensor(
        OutputSpec(name: "i", element: .integer), rows: 2, values: .float64([-9_007_199_254_740_992, .nan])),
      OutputTensor(OutputSpec(name: "t", element: .text, longest: 3), rows: 3, values: .texts(["\u{1}\"\\", nil, ""])),
    ]
    for output in outputs {
      for dialect in ResponseSizeTests.dialects.dropLast() {
        let answer = ResponseSizeTests.answer([output], binary: false)
        #expect(try dialect.response(answer).bytes.count <= dialect.responseBytes(answer))
      }
    }
  }

  @Test("Texts of the scorer are typed by gRPC as those of a worker are")
  func typedTexts() throws {
    let scored = OutputTensor(
      OutputSpec(name: "y", element: .text, longest: 2), rows: 2, values: .texts(["é", ""]))
    let raw = OutputTensor(RawTensor("y", .bytes, shape: [2], bytes: [2, 0, 0, 0, 0xc3, 0xa9, 0, 0, 0, 0]))
    let (one, other) = (
      try ProtobufDialect().response(ResponseSizeTests.answer([scored], binary: false)).bytes,
      try ProtobufDialect().response(ResponseSizeTests.answer([raw], binary: false)).bytes
    )
    #expect(one == other)
  }

  @Test("Work that a predictor elsewhere leaves is done on another thread where it takes long")
  func encoding() async throws {
    let threads = ScoringThreads(count: 1, memory: 1 << 20)
    for (length, isWaiting) in [(10, false), (100_000, true)] {
      let (gate, isDone) = (Gate(), Gate())
      let blocker = Task { try await threads.run(memory: 0) { gate.wait() } }
      while !gate.isEntered { await Task.yield() }
      let model = ServedModel(name: "m", version: "1", remote: TextPredictor(length: length))
      let body = Array(#"{"inputs":[{"name":"x","datatype":"UINT8","shape":[1],"data":[1]}]}"#.utf8)
      let answer = Task {
        defer { isDone.open() }
        return try await model.infer(
          remotely: Exchange(body, OpenInferenceDialect()), ServerLimits(), threads: threads)
      }
      if isWaiting {
        // Long enough to be done on the thread of the caller.
        try await Task.sleep(for: .milliseconds(100))
        #expect(!isDone.isOpen)
      } else {
        _ = try await answer.value
      }
      gate.open()
      _ = try await blocker.value
      #expect(try await answer.value.body.bytes.count > length)
    }
  }
}

/// Answers a text.
private struct TextPredictor: RemotePredictor {
  let platform = "text"
  let inputs: [TensorSpec] = []
  let outputs: [TensorSpec] = []
  let isReady = true
  let length: Int

  func predict(_ request: RemoteRequest) async throws -> [RawTensor] {
    let bytes = withUnsafeBytes(of: UInt32(length).littleEndian) { Array($0) } + [UInt8](repeating: 97, count: length)
    return [RawTensor("y", .bytes, shape: [1], bytes: bytes)]
  }
}
