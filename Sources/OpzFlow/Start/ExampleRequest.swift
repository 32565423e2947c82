import OpzIO
import OpzJSON
import OpzOCI
import OpzProject
import SystemPackage

/// An example request beside the model, which `opz test` sends: it must be answered, whatever the answer is.
enum ExampleRequest {
  static let fileName = "example.json"

  /// The request of MLflow's own input example; nil if there is none of a table.
  /// - Returns: the bytes of an Open Inference Protocol request.
  static func make(for model: WorkerModel, in directory: FilePath) throws -> [UInt8]? {
    let place = model.path == "." ? directory : directory.pushing(FilePath(model.path))
    let file = place.appending("input_example.json")
    guard let status = try FileStatus.find(file), status.kind == .file, status.size <= 1 << 20,
      let json = try? CanonicalJSON.decode(
        JSONValue.self, from: SmallFile.read(file, limit: 1 << 20), subject: "input_example.json"),
      let columns = json["columns"]?.array?.map(\.string), let row = json["data"]?.array?.first?.array,
      columns.count == row.count, !columns.isEmpty
    else { return nil }
    var inputs: [JSONValue] = []
    for (name, value) in zip(columns, row) {
      guard let name, let datatype = datatype(value) else { return nil }
      inputs.append(
        .object([
          "name": .string(name), "shape": .array([.integer(1)]), "datatype": .string(datatype), "data": .array([value]),
        ]))
    }
    return try CanonicalJSON.encodePretty(JSONValue.object(["inputs": .array(inputs)]))
  }

  private static func datatype(_ value: JSONValue) -> String? {
    switch value {
    case .integer: "INT64"
    case .number: "FP64"
    case .string: "BYTES"
    case .bool: "BOOL"
    default: nil
    }
  }
}
