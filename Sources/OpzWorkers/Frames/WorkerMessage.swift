import OpzInference
import OpzJSON

/// What a worker says.
enum WorkerMessage: Sendable {
  case hello(WorkerHello)
  case result([RawTensor])
  case error(code: String, message: String)
  /// A template has made this process.
  case forked(pid: Int32)

  /// The most characters of an error that a client gets.
  private static let longest = 10_000

  /// Reads a frame.
  /// - Throws: `WorkerFailure` for what the protocol does not have.
  init(_ frame: WorkerFrame) throws {
    do {
      let options = JSONOptions(nonFinite: .nan)
      self = try JSONView.read(frame.header, options: options) { header in
        guard let opz = header["opz"], let kind = opz["kind"]?.string else {
          throw WorkerMessage.wrong("a frame does not say its kind")
        }
        switch kind {
        case "hello": return .hello(try WorkerHello(opz.value))
        case "forked":
          guard let pid = opz["pid"]?.integer.flatMap({ Int32(exactly: $0) }), pid > 1 else {
            throw WorkerMessage.wrong("it names no process that it made")
          }
          return .forked(pid: pid)
        case "result": return .result(try WorkerOutputs.read(header, frame.body))
        case "error":
          let message = opz["message"]?.string ?? "the model failed"
          return .error(
            code: opz["code"]?.string ?? "model_error", message: String(message.prefix(WorkerMessage.longest)))
        default: throw WorkerMessage.wrong("a frame of the kind '\(kind.prefix(50))'")
        }
      }
    } catch let failure as JSONFailure {
      throw WorkerMessage.wrong("a header is not JSON: \(failure)")
    }
  }

  static func wrong(_ reason: String) -> WorkerFailure { WorkerFailure(.protocol, "the worker", reason: reason) }
}

/// A worker's first words.
struct WorkerHello: Sendable, Equatable {
  /// Texts are JSON in the header, not BYTES in the body.
  var isTextJSON = false
  /// The most rows of a call, if the model says so.
  var maxBatch: Int?
  var signature = ServeSettings.Signature(inputs: [])
  /// What computes the model.
  var library: String?
  /// Whether it can be asked for its health.
  var hasHealth = false
  /// Of a process that was asked whether workers can be forked from it.
  var fork: Fork?

  /// Whether workers can be forked from a process.
  enum Fork: Sendable, Equatable {
    case possible
    case impossible(because: String)
  }

  static let protocolVersion: Int64 = 1

  init(_ value: JSONValue) throws {
    guard value["protocol"]?.integer == WorkerHello.protocolVersion else {
      throw WorkerMessage.wrong("it does not speak protocol \(WorkerHello.protocolVersion)")
    }
    isTextJSON = value["text"]?.string == "json"
    if let most = value["max_batch"]?.integer {
      guard most > 0, let rows = Int(exactly: most) else { throw WorkerMessage.wrong("max_batch is \(most)") }
      maxBatch = rows
    }
    if let signature = value["signature"], signature.object?.isEmpty == false {
      self.signature = try ServeSettings.Signature(signature, subject: "the worker")
    }
    library = value["library"]?["name"]?.string
    hasHealth = value["health"]?.bool ?? false
    if let fork = value["fork"] {
      self.fork = fork["no"]?.string.map { .impossible(because: String($0.prefix(1000))) } ?? .possible
    }
  }
}

/// The outputs of an answer.
enum WorkerOutputs {
  /// The most outputs and dimensions of an answer.
  private static let most = 10_000
  private static let dimensions = 32

  static func read(_ header: JSONView, _ body: [UInt8]) throws -> [RawTensor] {
    var outputs: [RawTensor] = []
    var names: Set<String> = []
    var offset = 0
    _ = try header["outputs"]?.map { item in
      guard outputs.count < most else { throw WorkerMessage.wrong("an answer has more than \(most) outputs") }
      let output = try tensor(item, body, offset: &offset)
      guard names.insert(output.name).inserted else { throw wrong(output.name, "it is there twice") }
      guard output.isWhole else { throw wrong(output.name, "the data does not fit its shape") }
      outputs.append(output)
    }
    guard offset == body.count else {
      throw WorkerMessage.wrong("an answer has \(body.count - offset) bytes that are no output's")
    }
    return outputs
  }

  private static func tensor(_ item: JSONView, _ body: [UInt8], offset: inout Int) throws -> RawTensor {
    guard let name = item["name"]?.string else { throw WorkerMessage.wrong("an output has no name") }
    guard let datatype = item["datatype"]?.string.flatMap(Datatype.init(rawValue:)) else {
      throw wrong(name, "it has no datatype of the protocol")
    }
    var shape: [Int] = []
    _ = try item["shape"]?.map { size in
      guard let size = size.integer.flatMap({ Int(exactly: $0) }), size >= 0, shape.count < dimensions else {
        throw wrong(name, "its shape is none")
      }
      shape.append(size)
    }
    guard !shape.isEmpty else { throw wrong(name, "it has no shape") }
    var tensor = RawTensor(name, datatype, shape: shape, bytes: [])
    if let size = item["parameters"]?["binary_data_size"]?.integer {
      guard size >= 0, size <= Int64(body.count - offset) else { throw wrong(name, "its data is not there") }
      tensor.bytes = Array(body[offset..<offset + Int(size)])
      offset += Int(size)
    } else {
      guard datatype == .bytes, let data = item["data"] else { throw wrong(name, "it has no data") }
      try texts(data, &tensor)
    }
    _ = try item["parameters"]?["opz_missing"]?.map { position in
      guard let position = position.integer.flatMap({ Int(exactly: $0) }) else {
        throw wrong(name, "opz_missing has what is no position")
      }
      tensor.missing.append(position)
    }
    return tensor
  }

  private static func texts(_ data: JSONView, _ tensor: inout RawTensor) throws {
    var position = 0
    _ = try data.map { item in
      let text = item.string
      guard text != nil || item.isNull else { throw wrong(tensor.name, "its data has what is no text") }
      if text == nil { tensor.missing.append(position) }
      tensor.bytes.append(text: text ?? "")
      position += 1
    }
  }

  private static func wrong(_ name: String, _ reason: String) -> WorkerFailure {
    WorkerMessage.wrong("output '\(name.prefix(100))': \(reason)")
  }
}

extension [UInt8] {
  /// Appends an element of BYTES.
  fileprivate mutating func append(text: String) {
    Swift.withUnsafeBytes(of: UInt32(truncatingIfNeeded: text.utf8.count).littleEndian) { self += $0 }
    self += text.utf8
  }
}
