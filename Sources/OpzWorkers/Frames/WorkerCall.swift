import OpzInference
import OpzJSON

/// What the server asks of a worker, as the parts of one frame.
struct WorkerCall: Sendable {
  /// The frame's lengths and header.
  let start: [UInt8]
  /// The parts of its body, in order.
  let body: [[UInt8]]

  /// Ends the worker when it has answered.
  static let stop = WorkerCall(kind: "stop")
  /// Asks whether the model is healthy.
  static let ping = WorkerCall(kind: "ping")

  /// Asks a template for a worker, whose pipes are sent with it.
  /// - Parameters:
  ///   - environment: what is the worker's own.
  ///   - server: this process, which will be the worker's parent.
  static func fork(environment: [String: String], server: Int32) -> [UInt8] {
    var json = JSONWriter()
    json.raw("{\"opz\":{\"kind\":\"fork\",\"server\":")
    json.number(Int(server))
    json.raw(",\"environment\":{")
    for (index, entry) in environment.sorted(by: { $0.key < $1.key }).enumerated() {
      if index > 0 { json.raw(",") }
      json.string(entry.key)
      json.raw(":")
      json.string(entry.value)
    }
    json.raw("}}}")
    return WorkerFrame.start(header: json.bytes, bodyBytes: 0)
  }

  private init(kind: StaticString) {
    var json = JSONWriter()
    json.raw("{\"opz\":{\"kind\":\"")
    json.raw(kind)
    json.raw("\"}}")
    start = WorkerFrame.start(header: json.bytes, bodyBytes: 0)
    body = []
  }

  /// An inference.
  /// - Parameters:
  ///   - milliseconds: how long it may take.
  ///   - isTextJSON: whether the worker takes texts in the header.
  init(_ request: RemoteRequest, milliseconds: Int, isTextJSON: Bool) throws {
    var json = JSONWriter(capacity: 256)
    json.raw("{\"inputs\":")
    json.list(request.inputs) { WorkerCall.write($1, isTextJSON, to: &$0) }
    if let outputs = request.outputs {
      json.raw(",\"outputs\":")
      json.list(outputs) { json, name in
        json.raw("{\"name\":")
        json.string(name)
        json.raw("}")
      }
    }
    if let parameters = request.parameters {
      json.raw(",\"parameters\":")
      json.raw(json: parameters)
    }
    json.raw(",\"opz\":{\"kind\":\"infer\",\"deadline_ms\":")
    json.number(milliseconds)
    json.raw(",\"request_ids\":")
    json.strings(request.ids)
    json.raw("}}")
    guard json.bytes.count < WorkerFrame.longestHeader else {
      throw RequestFailure(413, "the texts of the request do not fit into one call")
    }
    body = request.inputs.filter { !isTextJSON || $0.datatype != .bytes }.map(\.bytes)
    start = WorkerFrame.start(header: json.bytes, bodyBytes: body.reduce(0) { $0.plus($1.count) })
  }

  private static func write(_ tensor: RawTensor, _ isTextJSON: Bool, to json: inout JSONWriter) {
    json.raw("{\"name\":")
    json.string(tensor.name)
    json.raw(",\"datatype\":")
    json.string(tensor.datatype.rawValue)
    json.raw(",\"shape\":")
    json.list(tensor.shape) { $0.number($1) }
    if isTextJSON, tensor.datatype == .bytes {
      json.raw(",\"data\":")
      json.list(tensor.texts) { json, text in if let text { json.string(text) } else { json.raw("null") } }
    } else {
      json.raw(",\"parameters\":{\"binary_data_size\":")
      json.number(tensor.bytes.count)
      if !tensor.missing.isEmpty {
        json.raw(",\"opz_missing\":")
        json.list(tensor.missing) { $0.number($1) }
      }
      json.raw("}")
    }
    json.raw("}")
  }
}

extension RawTensor {
  /// The elements of BYTES; nil is missing. What is not UTF-8 is mended, because JSON cannot say it.
  fileprivate var texts: [String?] {
    var texts: [String?] = []
    var position = 0
    while bytes.count - position >= 4 {
      let length = bytes.withUnsafeBytes {
        Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
      }
      guard length <= bytes.count - position - 4 else { break }
      texts.append(String(decoding: bytes[position + 4..<position + 4 + length], as: UTF8.self))
      position += 4 + length
    }
    for position in missing where texts.indices.contains(position) { texts[position] = nil }
    return texts
  }
}
