import OpzFormats
package import OpzJSON

extension ServeSettings {
  /// The file's bytes: the same for the same settings. What has its default is left out.
  public func json() -> [UInt8] {
    var members: [String: JSONValue] = ["opz_serve": .integer(Int64(ServeSettings.form)), "model": .string(model)]
    members["name"] = name.map(JSONValue.string)
    members["version"] = version.map(JSONValue.string)
    members["reading"] = reading.map(\.value)
    members["worker"] = worker.map(\.value)
    members["signature"] = signature.map(\.value)
    members["workers"] = workers.value
    members["batch"] = batch.value
    members["contract"] = contract.map(\.value)
    // Numbers of a signature and of a contract are finite, so this cannot fail.
    return (try? CanonicalJSON.encodePretty(JSONValue.object(members))) ?? []
  }
}

extension ReadingOptions {
  fileprivate var value: JSONValue {
    let usual = ReadingOptions()
    var members: [String: JSONValue] = [:]
    if iterations != usual.iterations { members["iterations"] = .string(iterations.rawValue) }
    if unseen != usual.unseen { members["unseen"] = .string(unseen.rawValue) }
    members["format"] = format.map(JSONValue.string)
    return .object(members)
  }
}

extension ServeSettings.Worker {
  fileprivate var value: JSONValue {
    var members: [String: JSONValue] = [
      "kind": .string(kind.rawValue), "command": .array(command.map(JSONValue.string)),
    ]
    members["path"] = path.map(JSONValue.string)
    members["loader"] = loader.map(JSONValue.string)
    members["code"] = code.map(JSONValue.string)
    members["predict"] = predict.map(JSONValue.string)
    if !environment.isEmpty { members["environment"] = .object(environment.mapValues(JSONValue.string)) }
    return .object(members)
  }
}

extension ServeSettings.Workers {
  fileprivate var value: JSONValue? {
    let usual = ServeSettings.Workers()
    var members: [String: JSONValue] = [:]
    if count != usual.count { members["count"] = .integer(Int64(count)) }
    if minimum != usual.minimum { members["minimum"] = .integer(Int64(minimum)) }
    members["memory_mb"] = memoryMB.map { .integer(Int64($0)) }
    if startSeconds != usual.startSeconds { members["start_seconds"] = .integer(Int64(startSeconds)) }
    if requestSeconds != usual.requestSeconds { members["request_seconds"] = .integer(Int64(requestSeconds)) }
    if forks != usual.forks { members["fork"] = .bool(forks) }
    if !gpus.isEmpty { members["gpus"] = .array(gpus.map { .integer(Int64($0)) }) }
    return members.isEmpty ? nil : .object(members)
  }
}

extension ServeSettings.Batch {
  fileprivate var value: JSONValue? {
    let usual = ServeSettings.Batch()
    var members: [String: JSONValue] = [:]
    if rows != usual.rows { members["rows"] = .integer(Int64(rows)) }
    if waitMilliseconds != usual.waitMilliseconds { members["wait_ms"] = .integer(Int64(waitMilliseconds)) }
    return members.isEmpty ? nil : .object(members)
  }
}

extension ServeSettings.Signature {
  /// As JSON, which a worker gets too.
  package var value: JSONValue {
    var members: [String: JSONValue] = ["inputs": .array(inputs.map(\.value))]
    if !outputs.isEmpty { members["outputs"] = .array(outputs.map(\.value)) }
    return .object(members)
  }
}

extension TensorSpec {
  fileprivate var value: JSONValue {
    var members: [String: JSONValue] = ["name": .string(name), "datatype": .string(datatype.rawValue)]
    if shape != [-1] { members["shape"] = .array(shape.map { .integer(Int64($0)) }) }
    members["categories"] = categories.map { .array($0.map(JSONValue.string)) }
    if let range {
      if range.lowerBound.isFinite { members["min"] = .number(range.lowerBound) }
      if range.upperBound.isFinite { members["max"] = .number(range.upperBound) }
    }
    if !maybeMissing { members["missing"] = .bool(false) }
    return .object(members)
  }
}
