import OpzIO
import OpzModel
import SystemPackage

/// TensorFlow's SavedModel: `saved_model.pb` and `variables/` (tensorflow/core/protobuf/saved_model.proto,
/// meta_graph.proto and tensor_bundle.proto).
enum SavedModelHeader {
  static func describe(_ path: FilePath, _ names: [String], budget: HeaderBudget) throws -> ModelDescription? {
    guard names.contains("saved_model.pb") else { return nil }
    let file = try HeaderFile(path.appending("saved_model.pb"), budget)
    var rows: [ModelDescription.Row] = []
    var cursor = HeaderCursor(file)
    while let field = try Field(&cursor) {
      if field.number == 2, let graph = field.message { rows += try metaGraph(graph) }
    }
    var bytes = file.size
    var tensors: [ModelDescription.Tensor] = []
    if names.contains("variables") {
      let variables = path.appending("variables")
      for name in try Directory.entries(variables).map(\.string) where name.hasPrefix("variables.data-") {
        bytes &+= try FileStatus.of(variables.appending(name)).size
      }
      let index = variables.appending("variables.index")
      if try FileStatus.find(index) != nil {
        tensors = try TensorBundle(try HeaderFile(index, budget)).tensors()
      }
    }
    return ModelDescription(
      "TensorFlow SavedModel", bytes: bytes, rows: rows, tensors: tensors,
      loadedBy: "tf.saved_model.load, TensorFlow Serving",
      runtime: "runtime: {kind: python} with tensorflow, or {kind: custom} with TensorFlow Serving")
  }

  private static func metaGraph(_ graph: HeaderCursor) throws -> [ModelDescription.Row] {
    var rows: [ModelDescription.Row] = []
    var graph = graph
    while let field = try Field(&graph) {
      guard var message = field.message else { continue }
      if field.number == 1 {
        while let info = try Field(&message) {
          if info.number == 4, let tag = try info.text() { rows.append(ModelDescription.Row("tag", tag)) }
          if info.number == 5, let version = try info.text() {
            rows.append(ModelDescription.Row("TensorFlow", version))
          }
        }
      } else if field.number == 5, let signature = try signature(message) {
        rows.append(signature)
      }
    }
    return rows
  }

  /// `serving_default: x -> output_0`; nil for functions that only initialize.
  private static func signature(_ entry: HeaderCursor) throws -> ModelDescription.Row? {
    var (name, inputs, outputs): (String, [String], [String]) = ("", [], [])
    var entry = entry
    while let field = try Field(&entry) {
      if field.number == 1 { name = try field.text() ?? "" }
      guard field.number == 2, var definition = field.message else { continue }
      while let side = try Field(&definition) {
        guard var pair = side.message, side.number < 3, let key = try Field(&pair)?.text() else { continue }
        if side.number == 1 { inputs.append(key) } else { outputs.append(key) }
      }
    }
    guard !name.hasPrefix("__") else { return nil }
    return ModelDescription.Row(
      "signature", "\(name): \(inputs.sorted().joined(separator: ", ")) -> \(outputs.sorted().joined(separator: ", "))")
  }
}

/// A field of a protobuf message (protobuf.dev, "Encoding"). What a field holds is passed over, and not read.
private struct Field {
  let number: UInt64
  /// Of numbers.
  let value: UInt64
  /// The bytes of a message or text.
  let message: HeaderCursor?

  /// The next field; nil at the end of the message.
  init?(_ cursor: inout HeaderCursor) throws {
    guard !cursor.isAtEnd else { return nil }
    let tag = try cursor.varint()
    number = tag >> 3
    switch tag & 7 {
    case 0: (value, message) = (try cursor.varint(), nil)
    case 1: (value, message) = (try cursor.number(8), nil)
    case 5: (value, message) = (try cursor.number(4), nil)
    case 2:
      let length = try cursor.varint()
      let start = cursor.position
      try cursor.skip(length)
      (value, message) = (0, HeaderCursor(cursor.file, at: start, end: start + length))
    default: throw cursor.file.damaged("a field of the kind \(tag & 7) at byte \(cursor.position)")
    }
  }

  /// The field's bytes as a text of at most a KiB.
  func text() throws -> String? {
    guard var message else { return nil }
    return try message.text(Int(min(message.end - message.position, 1024)))
  }
}

/// The index of TensorFlow's checkpoints: a table of LevelDB's form, of names and `BundleEntryProto`
/// (tensorflow/core/util/tensor_bundle, leveldb's doc/table_format.md).
private struct TensorBundle {
  private static let types = [
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "text", 8: "complex64", 9: "int64",
    10: "bool", 14: "bfloat16", 17: "uint16", 18: "complex128", 19: "float16", 22: "uint32", 23: "uint64",
  ]
  private static let tensorLimit = 1 << 20

  private let file: HeaderFile

  init(_ file: HeaderFile) { self.file = file }

  func tensors() throws -> [ModelDescription.Tensor] {
    guard file.size >= 48 else { throw file.damaged("it is too short") }
    var footer = HeaderCursor(file, at: file.size - 48)
    _ = try handle(&footer)
    let index = try handle(&footer)
    var magic = HeaderCursor(file, at: file.size - 8)
    guard try magic.number(8) == 0xdb47_7524_8b80_fb57 else { throw file.damaged("it is no table of tensors") }
    var found: [ModelDescription.Tensor] = []
    for entry in try entries(index) {
      var place = HeaderCursor(file, at: entry.value.position, end: entry.value.end)
      for tensor in try entries(try handle(&place)) where !tensor.key.isEmpty {
        guard found.count < TensorBundle.tensorLimit else { throw file.damaged("it has too many tensors") }
        if let tensor = try self.tensor(tensor.key, tensor.value) { found.append(tensor) }
      }
    }
    return found
  }

  private func handle(_ cursor: inout HeaderCursor) throws -> (offset: UInt64, size: UInt64) {
    (try cursor.varint(), try cursor.varint())
  }

  /// The entries of a block; each key is given by what it has more than the one before.
  private func entries(_ block: (offset: UInt64, size: UInt64)) throws -> [(key: String, value: HeaderCursor)] {
    let (end, overflow) = block.offset.addingReportingOverflow(block.size)
    guard !overflow, block.size >= 4, end < file.size else { throw file.damaged("a block beyond its end") }
    var tail = HeaderCursor(file, at: end)
    guard try tail.byte() == 0 else { throw file.damaged("a block that is compressed") }
    var last = HeaderCursor(file, at: end - 4)
    let restarts = try last.number(4)
    guard restarts * 4 + 4 <= block.size else { throw file.damaged("a block with impossible sizes") }
    var cursor = HeaderCursor(file, at: block.offset, end: end - 4 - restarts * 4)
    var key: [UInt8] = []
    var total = 0
    var found: [(key: String, value: HeaderCursor)] = []
    while !cursor.isAtEnd {
      let (shared, own, length) = (try cursor.varint(), try cursor.varint(), try cursor.varint())
      guard shared <= UInt64(key.count), own <= 1 << 16, total < HeaderBudget.limit else {
        throw file.damaged("keys that are too long")
      }
      key = Array(key[..<Int(shared)]) + (try cursor.take(Int(own)))
      total += key.count + 64
      let start = cursor.position
      try cursor.skip(length)
      found.append((String(decoding: key, as: UTF8.self), HeaderCursor(file, at: start, end: start + length)))
    }
    return found
  }

  /// Nil for what is no variable: the graph of objects is stored as a text.
  private func tensor(_ name: String, _ value: HeaderCursor) throws -> ModelDescription.Tensor? {
    var (type, bytes, shape): (Int, UInt64, [UInt64]) = (0, 0, [])
    var value = value
    while let field = try Field(&value) {
      switch field.number {
      case 1: type = Int(clamping: field.value)
      case 5: bytes = field.value
      case 2:
        guard var dimensions = field.message else { break }
        while let dimension = try Field(&dimensions) {
          guard dimension.number == 2, var size = dimension.message, shape.count < 64 else { continue }
          var length: UInt64 = 0
          while let field = try Field(&size) { if field.number == 1 { length = field.value } }
          shape.append(length)
        }
      default: break
      }
    }
    guard name != "_CHECKPOINTABLE_OBJECT_GRAPH" else { return nil }
    let own = name.hasSuffix("/.ATTRIBUTES/VARIABLE_VALUE") ? String(name.dropLast(27)) : name
    return ModelDescription.Tensor(
      name: own, type: TensorBundle.types[type] ?? "type \(type)", shape: shape, bytes: bytes)
  }
}
