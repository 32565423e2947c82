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
  /// The most bytes of a value as JSON, with a comma.
  let textBytes: Int

  package init(_ spec: OutputSpec, rows: Int, values: Tensor.Storage) {
    name = spec.name
    datatype = Datatype(spec.element)
    shape = spec.shape(rows: rows)
    self.values = .scored(values)
    textBytes = spec.textBytes
  }

  package init(_ tensor: RawTensor) {
    name = tensor.name
    datatype = tensor.datatype
    shape = tensor.shape
    values = .raw(bytes: tensor.bytes, missing: tensor.missing)
    textBytes = 26
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
      bytes.reserveCapacity(texts.reduce(0) { $0.plus(($1?.utf8.count ?? 0) + 4) })
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

  private func missingValue(_ place: Int) -> RequestFailure {
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
}
