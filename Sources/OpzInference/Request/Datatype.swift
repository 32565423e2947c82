/// The element types of the Open Inference Protocol v2 ("Tensor Data Types") except FP16, which has no JSON form.
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
    case .bool, .fp32, .fp64, .bytes: nil
    }
  }
}
