import OpzWire

/// A node of an ONNX graph (`NodeProto`), with its attributes where they stand in the file.
struct ONNXNode {
  var name = ""
  /// `TreeEnsembleClassifier`
  var type = ""
  /// Empty for ai.onnx.
  var domain = ""
  /// An empty name stands for an input that is left out.
  var inputs: [String] = []
  var outputs: [String] = []
  /// By name: readers of `AttributeProto`.
  var attributes: [String: WireReader] = [:]

  init(_ message: WireReader) throws {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: inputs.append(try reader.string(field))
      case 2: outputs.append(try reader.string(field))
      case 3: name = try reader.string(field)
      case 4: type = try reader.string(field)
      case 5: try addAttribute(try reader.message(field))
      case 7:
        let text = try reader.string(field)
        domain = text == "ai.onnx" ? "" : text
      default: try reader.skip(field)
      }
      guard inputs.count + outputs.count + attributes.count <= ONNXDocument.nodeLimit else {
        throw WireFailure(at: reader.position, "a node with more than \(ONNXDocument.nodeLimit) names")
      }
    }
  }

  private mutating func addAttribute(_ message: WireReader) throws {
    var reader = message
    while let field = try reader.next() {
      guard field.number == 1 else { try reader.skip(field); continue }
      attributes[try reader.string(field)] = message
      return
    }
  }

  /// `ai.onnx.ml.Scaler`, or `Concat`: how operators are named in errors.
  var operatorName: String { domain.isEmpty ? type : "\(domain).\(type)" }

  /// What errors call the node.
  var label: String {
    let own = name.isEmpty ? outputs.first ?? "" : name
    return "node \(own.prefix(80)) (\(type.prefix(80)))"
  }

  func has(_ name: String) -> Bool { attributes[name] != nil }

  // MARK: Attributes

  /// A number of `i`; nil without the attribute.
  func int(_ name: String) throws -> Int? {
    try attributes[name].flatMap { message in
      var reader = message
      var value: Int?
      while let field = try reader.next() {
        if field.number == 3 {
          value = Int(truncatingIfNeeded: try reader.int64(field))
        } else {
          try reader.skip(field)
        }
      }
      return value
    }
  }

  /// A number of `f`; nil without the attribute.
  func float(_ name: String) throws -> Double? {
    try attributes[name].flatMap { message in
      var reader = message
      var value: Double?
      while let field = try reader.next() {
        if field.number == 2 { value = Double(try reader.float(field)) } else { try reader.skip(field) }
      }
      return value
    }
  }

  /// A text of `s`; nil without the attribute.
  func text(_ name: String) throws -> String? {
    try attributes[name].flatMap { message in
      var reader = message
      var value: String?
      while let field = try reader.next() {
        if field.number == 4 { value = try reader.string(field) } else { try reader.skip(field) }
      }
      return value
    }
  }

  /// All numbers of `ints`.
  func ints(_ name: String) throws -> [Int] {
    guard let message = attributes[name] else { return [] }
    var numbers = WireNumbers(message, field: 8)
    var values: [Int] = []
    while let value = try numbers.nextInteger() { values.append(Int(truncatingIfNeeded: value)) }
    return values
  }

  /// All numbers of `floats`.
  func floats(_ name: String) throws -> [Double] {
    guard let message = attributes[name] else { return [] }
    var numbers = WireNumbers(message, field: 7)
    var values: [Double] = []
    while let value = try numbers.nextFloat() { values.append(Double(value)) }
    return values
  }

  /// All texts of `strings`.
  func texts(_ name: String) throws -> [String] {
    guard var reader = attributes[name] else { return [] }
    var values: [String] = []
    while let field = try reader.next() {
      if field.number == 9 { values.append(try reader.string(field)) } else { try reader.skip(field) }
    }
    return values
  }

  /// The tensor of `t`; nil without the attribute.
  func tensor(_ name: String) throws -> ONNXTensor? {
    try attributes[name].flatMap { message in
      var reader = message
      var value: ONNXTensor?
      while let field = try reader.next() {
        if field.number == 5 { value = try ONNXTensor(try reader.message(field)) } else { try reader.skip(field) }
      }
      return value
    }
  }
}
