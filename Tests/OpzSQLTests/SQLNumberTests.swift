import Testing

@testable import OpzSQL

@Suite("Digits of numbers in SQL")
struct SQLNumberTests {
  private static func text(_ write: (inout [UInt8]) -> Void) -> String {
    var bytes: [UInt8] = []
    write(&bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(
    "known numbers",
    arguments: [
      (0.1, "0.100000000000000006e0"), (-0.5, "-0.5e0"), (1e15, "1000000000000000e0"), (3, "3.0e0"), (-0.0, "0.0e0"),
      (1e-4, "0.000100000000000000005e0"), (5e-324, "4.94065645841246544e-324"), (1e300, "1.00000000000000005e+300"),
      (.infinity, "1.79769313486231571e+308"), (123456789012345.6, "123456789012345.594e0"),
    ])
  func known(number: Double, text: String) {
    #expect(Self.text { SQLNumber.write(number, to: &$0) } == text)
  }

  @Test("what is written without printf is what printf writes, and reads back")
  func likePrintf() {
    var random = SystemRandomNumberGenerator()
    var usual = 0
    for round in 0..<200_000 {
      let number: Double =
        switch round % 4 {
        case 0: Double.random(in: -100...100, using: &random)
        case 1: Double(Float.random(in: -1...1, using: &random))
        // Ties of the 18th digit: few bits behind the point.
        case 2: Double(Int64.random(in: 1...(1 << 52), using: &random)) / 0x1p20
        default: Double(sign: .plus, exponent: .random(in: -20...55, using: &random), significand: .random(in: 1..<2))
        }
      let own = Self.text { if SQLNumber.writeUsual(number, to: &$0) { usual += 1 } }
      guard !own.isEmpty else { continue }
      #expect(own == Self.text { SQLNumber.writeAny(number, to: &$0) })
      #expect(Double(own) == number)
    }
    #expect(usual > 100_000)
  }
}
