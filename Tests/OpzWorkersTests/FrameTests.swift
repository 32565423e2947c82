import OpzInference
import OpzTestKit
import Testing

@testable import OpzWorkers

/// What a worker may send.
@Suite("Frames")
struct FrameTests {
  private func frame(_ header: String, _ body: [UInt8] = []) -> [UInt8] {
    WorkerFrame.start(header: Array(header.utf8), bodyBytes: body.count) + body
  }

  private func read(_ bytes: [UInt8], by step: Int, _ limits: WorkerFrameReader.Limits = .init()) throws
    -> [WorkerFrameReader.Event]
  {
    var reader = WorkerFrameReader(limits)
    var events: [WorkerFrameReader.Event] = []
    for start in stride(from: 0, to: bytes.count, by: step) {
      events += try bytes[start..<min(bytes.count, start + step)].withUnsafeBytes { try reader.take($0) }
    }
    return events
  }

  @Test("frames are read whole, however they are cut", arguments: [1, 2, 3, 11, 12, 13, 1000])
  func cuts(_ step: Int) throws {
    let bytes = frame("{}") + frame(#"{"a":1}"#, [1, 2, 3]) + frame("[]", [])
    #expect(
      try read(bytes, by: step) == [
        .frame(WorkerFrame(header: Array("{}".utf8), body: [])),
        .frame(WorkerFrame(header: Array(#"{"a":1}"#.utf8), body: [1, 2, 3])),
        .frame(WorkerFrame(header: Array("[]".utf8), body: [])),
      ])
  }

  @Test("what is too long is dropped, and the next frame is read", arguments: [1, 7, 1000])
  func tooLong(_ step: Int) throws {
    let limits = WorkerFrameReader.Limits(header: 10, body: 5)
    let bytes = frame("{}", [UInt8](repeating: 7, count: 6)) + frame(String(repeating: " ", count: 11)) + frame("{}")
    #expect(
      try read(bytes, by: step, limits) == [
        .tooLong(8), .tooLong(11), .frame(WorkerFrame(header: Array("{}".utf8), body: [])),
      ])
  }

  @Test("lengths that no frame has are refused", arguments: [[0, 0, 0, 0], [0, 0, 0, 0x80], [255, 255, 255, 255]])
  func lengths(_ header: [UInt8]) {
    #expect(throws: WorkerFailure.self) { try read(header + [UInt8](repeating: 0, count: 8), by: 100) }
    #expect(throws: WorkerFailure.self) { try read([2, 0, 0, 0] + [UInt8](repeating: 255, count: 8), by: 100) }
  }

  private func message(_ header: String, _ body: [UInt8] = []) throws -> WorkerMessage {
    try WorkerMessage(WorkerFrame(header: Array(header.utf8), body: body))
  }

  private func result(_ output: String) -> String { #"{"opz":{"kind":"result"},"outputs":[\#(output)]}"# }

  @Test("an answer's outputs")
  func outputs() throws {
    let header = result(
      #"""
      {"name":"p","datatype":"INT32","shape":[2],"parameters":{"binary_data_size":8,"opz_missing":[1]}},
      {"name":"t","datatype":"BYTES","shape":[2],"data":["é",null]}
      """#)
    guard case .result(let outputs) = try message(header, [1, 0, 0, 0, 0, 0, 0, 0]) else {
      Issue.record("no result")
      return
    }
    #expect(outputs[0] == RawTensor("p", .int32, shape: [2], bytes: [1, 0, 0, 0, 0, 0, 0, 0], missing: [1]))
    #expect(outputs[1].texts == ["é", nil])
  }

  @Test(
    "an answer that is not what it says is refused",
    arguments: [
      "{", "[]", "{}", #"{"opz":{}}"#, #"{"opz":{"kind":"other"}}"#,
      #"{"opz":{"kind":"result"},"outputs":[{}]}"#,
      #"{"opz":{"kind":"result"},"outputs":[{"name":"p","datatype":"INT33","shape":[1]}]}"#,
      #"{"opz":{"kind":"result"},"outputs":[{"name":"p","datatype":"FP64","shape":[]}]}"#,
      #"{"opz":{"kind":"result"},"outputs":[{"name":"p","datatype":"FP64","shape":[-1]}]}"#,
      #"{"opz":{"kind":"result"},"outputs":[{"name":"p","datatype":"FP64","shape":[1],"data":[1]}]}"#,
      #"{"opz":{"kind":"result"},"outputs":[{"name":"p","datatype":"FP64","shape":[2],"parameters":{"binary_data_size":8}}]}"#,
      #"{"opz":{"kind":"result"},"outputs":[{"name":"p","datatype":"FP64","shape":[1],"parameters":{"binary_data_size":9}}]}"#,
      #"{"opz":{"kind":"result"},"outputs":[{"name":"p","datatype":"FP64","shape":[1],"parameters":{"binary_data_size":-8}}]}"#,
      #"{"opz":{"kind":"result"},"outputs":[{"name":"p","datatype":"FP64","shape":[9223372036854775807,9],"parameters":{"binary_data_size":8}}]}"#,
      #"{"opz":{"kind":"result"},"outputs":[{"name":"p","datatype":"INT8","shape":[8],"parameters":{"binary_data_size":8,"opz_missing":[8]}}]}"#,
      #"{"opz":{"kind":"result"},"outputs":[{"name":"p","datatype":"INT8","shape":[8],"parameters":{"binary_data_size":8,"opz_missing":[2,1]}}]}"#,
      #"{"opz":{"kind":"result"},"outputs":[{"name":"p","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":8}}]}"#,
      #"{"opz":{"kind":"result"},"outputs":[{"name":"p","datatype":"BYTES","shape":[1],"data":[1]}]}"#,
      #"{"opz":{"kind":"result"},"outputs":[]}"#,
      #"{"opz":{"kind":"result"},"outputs":[{"name":"p","datatype":"INT32","shape":[1],"parameters":{"binary_data_size":4}},{"name":"p","datatype":"INT32","shape":[1],"parameters":{"binary_data_size":4}}]}"#,
      #"{"opz":{"kind":"hello","protocol":2}}"#,
      #"{"opz":{"kind":"hello","protocol":1,"max_batch":0}}"#,
      #"{"opz":{"kind":"hello","protocol":1,"signature":{"inputs":[{"name":1}]}}}"#,
    ])
  func refused(_ header: String) {
    let bytes: [UInt8] = [0xff, 0xff, 0, 0, 0, 0, 0, 0]
    #expect(throws: (any Error).self) { try message(header, bytes) }
  }

  @Test("a failure's message is cut")
  func longMessage() throws {
    let text = String(repeating: "é", count: 1 << 20)
    guard
      case .error("bad_input", let message) = try message(
        #"{"opz":{"kind":"error","code":"bad_input","message":"\#(text)"}}"#)
    else {
      Issue.record("no failure")
      return
    }
    #expect(message == text.prefix(10_000))
  }

  @Test("mutated frames are read or refused, and never end the process")
  func mutants() throws {
    var random = SeededGenerator(seed: 11)
    let whole = frame(
      result(#"{"name":"t","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":11,"opz_missing":[0]}}"#),
      [0, 0, 0, 0, 3, 0, 0, 0, 97, 98, 99])
    for _ in 0..<3000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      guard let events = try? read(bytes, by: Int.random(in: 1...200, using: &random)) else { continue }
      for case .frame(let frame) in events { _ = try? WorkerMessage(frame) }
    }
  }
}
