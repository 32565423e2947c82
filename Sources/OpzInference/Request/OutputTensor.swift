package import OpzModel

/// One output of an inference response.
package struct OutputTensor: Sendable {
  package enum Values: Sendable {
    /// Of the scorer.
    case scored(Tensor.Storage)
    /// Of a predictor elsewhere.
    case raw(bytes: [UInt8], missing: [Int])
  }

  package let name: String
  package let datatype: Datatype
  package let shape: [Int]
  /// Row-major.
  package let values: Values
  /// The most bytes of the values as a JSON array.
  let jsonBytes: Int

  package init(_ spec: OutputSpec, rows: Int, values: Tensor.Storage) {
    name = spec.name
    datatype = Datatype(spec.element)
    shape = spec.shape(rows: rows)
    self.values = .scored(values)
    jsonBytes = shape.reduce(spec.textBytes) { $0.times($1) }.plus(2)
  }

  package init(_ tensor: RawTensor) {
    name = tensor.name
    datatype = tensor.datatype
    shape = tensor.shape
    values = .raw(bytes: tensor.bytes, missing: tensor.missing)
    jsonBytes = OutputTensor.jsonBytes(tensor).plus(2)
  }

  /// The most bytes of elements as JSON, each with a comma.
  private static func jsonBytes(_ tensor: RawTensor) -> Int {
    let count = tensor.count
    switch tensor.datatype {
    case .bool: return count.times(6)
    // `-1.1754944e-38`; as the digits of the others, which they have the same or fewer of.
    case .fp16, .bf16, .fp32, .int8, .int16, .int32, .uint8, .uint16, .uint32: return count.times(16)
    case .int64, .uint64: return count.times(22)
    case .fp64: return count.times(26)
    case .bytes:
      // Each byte by its escape. The four bytes of a length take at least four, which are the quotes and the comma; a
      // missing text is `null`.
      let texts = tensor.bytes.withUnsafeBufferPointer { bytes in
        bytes.reduce(into: bytes.count) { total, byte in
          total &+= byte < 0x20 ? 5 : 0
          total &+= byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? 1 : 0
        }
      }
      return texts.plus(tensor.missing.count.times(2))
    }
  }

  /// Bytes of the values in the binary extension.
  var binaryBytes: Int {
    switch values {
    case .raw(let bytes, _): bytes.count
    case .scored(.texts(let texts)): texts.reduce(0) { $0.plus(($1?.utf8.count ?? 0) + 4) }
    case .scored: count.times(datatype.size ?? 8)
    }
  }

  /// Values of all rows.
  package var count: Int { shape.reduce(1) { $0.times($1) } }

  /// The values as the binary extension has them.
  /// - Throws: `RequestFailure` where one is missing and its datatype has nothing that says so.
  package func bytes() throws -> [UInt8] {
    switch values {
    case .raw(let bytes, let missing):
      if let place = missing.first { throw missingValue(place) }
      return bytes
    case .scored(.float32(let values)): return OutputTensor.bytes(values) { $0.bitPattern }
    case .scored(.float64(let values)) where datatype == .int64:
      if let place = values.firstIndex(where: { Int64(exactly: $0) == nil }) { throw missingValue(place) }
      return OutputTensor.bytes(values) { Int64(exactly: $0) ?? 0 }
    case .scored(.float64(let values)): return OutputTensor.bytes(values) { $0.bitPattern }
    case .scored(.texts(let texts)):
      var bytes: [UInt8] = []
      bytes.reserveCapacity(binaryBytes)
      for (place, text) in texts.enumerated() {
        guard let text else { throw missingValue(place) }
        withUnsafeBytes(of: UInt32(clamping: text.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: text.utf8)
      }
      return bytes
    }
  }

  private static func bytes<Value, Bits: FixedWidthInteger>(_ values: [Value], _ bits: (Value) -> Bits) -> [UInt8] {
    let size = MemoryLayout<Bits>.size
    return [UInt8](unsafeUninitializedCapacity: values.count * size) { buffer, filled in
      for (index, value) in values.enumerated() {
        UnsafeMutableRawBufferPointer(buffer).storeBytes(
          of: bits(value).littleEndian, toByteOffset: index &* size, as: Bits.self)
      }
      filled = values.count * size
    }
  }

  /// What is said where a form of the response has nothing for a missing value.
  func missingValue(_ place: Int) -> RequestFailure {
    RequestFailure.bad(
      "output '\(name)', element \(place) is missing, which binary data of datatype \(datatype.rawValue) cannot say: "
        + "ask for it as JSON")
  }
}

/// The outputs of one request, and how they are sent.
package struct InferenceAnswer: Sendable {
  package let model: String
  package let version: String
  package let id: String?
  package let outputs: [OutputTensor]
  /// For each output, whether it was asked for as binary data.
  package let isBinary: [Bool]
  package let rows: Int
  /// What the contract found, and what the response says of it.
  package var violations: [ContractViolation] = []
  package var contract: String?

  /// The name of the response's parameter that says what the contract found.
  static let contractParameter = "opz_contract"

  /// The most bytes of what the response says of the contract, each quote by its escape.
  var contractBytes: Int { contract.map { $0.utf8.count.times(2).plus(64) } ?? 0 }
}
