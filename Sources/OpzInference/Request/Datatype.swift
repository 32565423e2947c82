/// The element types of the Open Inference Protocol v2 ("Tensor Data Types"), and BF16, which Triton adds.
public enum Datatype: String, CaseIterable, Sendable {
  case bool = "BOOL"
  case uint8 = "UINT8"
  case uint16 = "UINT16"
  case uint32 = "UINT32"
  case uint64 = "UINT64"
  case int8 = "INT8"
  case int16 = "INT16"
  case int32 = "INT32"
  case int64 = "INT64"
  /// Without a form in JSON, as `bf16`.
  case fp16 = "FP16"
  /// The upper half of an FP32.
  case bf16 = "BF16"
  case fp32 = "FP32"
  case fp64 = "FP64"
  case bytes = "BYTES"

  /// The range of an integer type; nil for other types.
  package var integers: (least: Int64, greatest: UInt64)? {
    switch self {
    case .uint8: (0, UInt64(UInt8.max))
    case .uint16: (0, UInt64(UInt16.max))
    case .uint32: (0, UInt64(UInt32.max))
    case .uint64: (0, UInt64.max)
    case .int8: (Int64(Int8.min), UInt64(Int8.max))
    case .int16: (Int64(Int16.min), UInt64(Int16.max))
    case .int32: (Int64(Int32.min), UInt64(Int32.max))
    case .int64: (Int64.min, UInt64(Int64.max))
    case .bool, .fp16, .bf16, .fp32, .fp64, .bytes: nil
    }
  }

  /// Bytes of an element in a binary tensor; nil for BYTES, whose elements have lengths of their own.
  package var size: Int? {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .fp16, .bf16: 2
    case .uint32, .int32, .fp32: 4
    case .uint64, .int64, .fp64: 8
    case .bytes: nil
    }
  }

  /// Whether a NaN can say that an element is missing.
  package var isFloat: Bool { [.fp16, .bf16, .fp32, .fp64].contains(self) }

  /// The datatype of a name in a request.
  /// - Throws: `RequestFailure` for another name.
  package init(named name: String) throws {
    guard let datatype = Datatype(rawValue: name) else {
      let known = Datatype.allCases.map(\.rawValue).joined(separator: ", ")
      throw RequestFailure.bad("the datatype '\(name.prefix(20))' is not one of \(known)")
    }
    self = datatype
  }
}
