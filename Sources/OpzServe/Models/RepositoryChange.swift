import OpzHTTPServer
import OpzInference
import OpzJSON
import OpzWire

/// A request to load or unload a model, in the forms of Triton's, MLServer's and KServe's clients.
struct RepositoryChange: Sendable, Equatable {
  enum Verb: String, Sendable {
    case load, unload
  }

  let verb: Verb
  let name: String
  /// Whether the client speaks KServe's form of gRPC, whose answers are not empty.
  var isKServe = false

  init(_ verb: Verb, _ name: String) {
    self.verb = verb
    self.name = name
  }

  // MARK: REST

  /// Checks the body of a request: `{"parameters": {..}}`, or nothing.
  static func check(_ body: [UInt8]) throws {
    guard !body.isEmpty else { return }
    do {
      try JSONCursor.read(body) { cursor in
        try cursor.object("the request") { key, cursor in
          guard key == "parameters" else { return try cursor.skip() }
          try cursor.object("parameters") { key, cursor in
            try check(parameter: "\(key)")
            try cursor.skip()
          }
        }
      }
    } catch let failure as JSONFailure {
      throw RequestFailure.bad("the body is not valid \(failure)")
    }
  }

  /// The parameters of Triton's repository extension, and no others: what a client sends never becomes a model.
  private static func check(parameter key: String) throws {
    switch key {
    // Models here depend on none.
    case "unload_dependents": return
    case _ where key.hasPrefix("file:"):
      throw RequestFailure.bad(
        "'\(key.prefix(100))' would bring a model's file in the request: models are loaded from the server's directory")
    case "config":
      throw RequestFailure.bad(
        "'config' would replace how the model is served: \(ModelDirectory.settingsName) in its directory says that")
    default: throw RequestFailure.bad("the parameter '\(key.prefix(100))' is not supported")
    }
  }

  /// `{"name": .., "load": true}`, as KServe has it; the others read no body.
  var response: Response {
    var json = JSONWriter()
    json.raw("{\"name\":")
    json.string(name)
    json.raw(verb == .load ? ",\"load\":true}" : ",\"unload\":true}")
    return .json(json.bytes)
  }

  // MARK: gRPC

  /// Reads a `RepositoryModelLoadRequest` or `RepositoryModelUnloadRequest`. Triton and MLServer name the model in field
  /// 2, KServe in field 1.
  init(_ verb: Verb, message: [UInt8]) throws {
    var reader = try WireReader(message)
    var (first, second) = ("", "")
    while let field = try reader.next() {
      switch (field.number, field.type) {
      case (1, .lengthDelimited): first = try reader.string(field)
      case (2, .lengthDelimited): second = try reader.string(field)
      case (3, .lengthDelimited):
        var entry = try reader.message(field)
        while let field = try entry.next() {
          if field.number == 1, field.type == .lengthDelimited {
            try RepositoryChange.check(parameter: try entry.string(field))
          } else {
            try entry.skip(field)
          }
        }
      default: try reader.skip(field)
      }
    }
    self.init(verb, second.isEmpty ? first : second)
    isKServe = second.isEmpty
  }

  /// The answer: empty, or KServe's `model_name` and `isLoaded` or `isUnloaded`.
  var message: WireWriter {
    var message = WireWriter()
    guard isKServe else { return message }
    message.put(1, string: name)
    message.put(2, bool: true)
    return message
  }
}
