import OpzIO
import OpzJSON
public import OpzModel

/// A request to a model server that the model takes, as calls of common programs.
public struct ServingRequest: Sendable {
  private let model: Model
  private let name: String
  private let address: String

  /// A request with one row.
  /// - Parameters:
  ///   - name: the name by which the server has the model.
  ///   - address: HOST:PORT of the server.
  public init(_ model: Model, name: String, address: String) {
    self.model = model
    self.name = name
    self.address = address
  }

  /// A call by curl.
  public var curl: String {
    "curl -s \(ServingRequest.quoted("http://\(address)\(path)")) -d \(ServingRequest.quoted(json))"
  }

  /// A program for Python's standard library.
  public var python: String {
    """
    import json
    import sys
    import urllib.request

    request = \(json)
    address = \(CanonicalJSON.quoted("http://\(address)\(path)"))
    with urllib.request.urlopen(urllib.request.Request(address, json.dumps(request).encode())) as response:
        json.dump(json.load(response), sys.stdout)
    """
  }

  /// A call of gRPC by grpcurl, which learns the messages from the server's reflection.
  public var grpcurl: String {
    "grpcurl -plaintext -d \(ServingRequest.quoted(message)) \(address) inference.GRPCInferenceService/ModelInfer"
  }

  private var path: String { "/v2/models/\(PercentCoding.encode(name, keeping: "/"))/infer" }

  // MARK: Values

  /// An input by its datatype, its value as JSON, and the field of gRPC's message that has such values.
  private struct Input {
    let name: String
    let datatype: String
    let value: String
    let field: String
    let fieldValue: String
  }

  private var inputs: [Input] {
    model.inputs.map { input in
      func number(_ datatype: String, _ field: String, value: String = "1.0") -> Input {
        Input(name: input.name, datatype: datatype, value: value, field: field, fieldValue: value)
      }
      switch input.kind {
      case .categorical(let texts, _):
        guard let text = texts.first else { return number("INT64", "int64_contents", value: "0") }
        return ServingRequest.text(input.name, text)
      case .text: return ServingRequest.text(input.name, "text")
      case .number(.float32): return number("FP32", "fp32_contents")
      case .number(.float64), .number(.text): return number("FP64", "fp64_contents")
      case .number(.integer): return number("INT64", "int64_contents", value: "1")
      }
    }
  }

  private static func text(_ name: String, _ text: String) -> Input {
    // JSON has protobuf's bytes in base64.
    Input(
      name: name, datatype: "BYTES", value: CanonicalJSON.quoted(text), field: "bytes_contents",
      fieldValue: CanonicalJSON.quoted(Base64.encode(text.utf8)))
  }

  private var json: String {
    let tensors = inputs.map { input in
      """
      {"name": \(CanonicalJSON.quoted(input.name)), "datatype": "\(input.datatype)", "shape": [1], "data": [\(input.value)]}
      """
    }
    return "{\"inputs\": [\(tensors.joined(separator: ", "))]}"
  }

  private var message: String {
    let tensors = inputs.map { input in
      """
      {"name": \(CanonicalJSON.quoted(input.name)), "datatype": "\(input.datatype)", "shape": [1], \
      "contents": {"\(input.field)": [\(input.fieldValue)]}}
      """
    }
    return "{\"model_name\": \(CanonicalJSON.quoted(name)), \"inputs\": [\(tensors.joined(separator: ", "))]}"
  }

  /// A text as one word of a shell.
  private static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "'\\''"))'" }
}
