import OpzJSON
import Testing

@testable import OpzInference

@Suite("Integers in requests")
struct IntegerTests {
  private func read(_ text: String, _ datatype: Datatype) -> Float? {
    let reader = TensorReader(name: "x", datatype: datatype, shape: [1], form: .numbers)
    guard case .numbers(let numbers)? = try? JSONCursor.read(Array("[\(text)]".utf8), { try reader.read(&$0) }) else {
      return nil
    }
    return numbers.first
  }

  @Test(
    "Integers must be in the range of their type",
    arguments: [
      ("0", Datatype.uint8, Float(0)), ("255", .uint8, 255), ("256", .uint8, nil), ("-1", .uint8, nil),
      ("-128", .int8, -128), ("-129", .int8, nil), ("128", .int8, nil), ("1.0", .int64, nil), ("1e2", .int64, nil),
      ("-0", .int32, -0.0), ("18446744073709551615", .uint64, 0x1p64), ("18446744073709551616", .uint64, nil),
      ("9223372036854775807", .int64, 0x1p63), ("9223372036854775808", .int64, nil),
      ("-9223372036854775808", .int64, -0x1p63), ("-9223372036854775809", .int64, nil),
      ("99999999999999999999999999", .uint64, nil),
    ] as [(String, Datatype, Float?)])
  func integers(text: String, datatype: Datatype, expected: Float?) { #expect(read(text, datatype) == expected) }
}
