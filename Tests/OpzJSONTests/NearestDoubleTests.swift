import OpzJSON
import OpzTestKit
import Testing

@Suite("Decimal numbers and the nearest double")
struct NearestDoubleTests {
  @Test("any digits and exponent give the C library's answer", arguments: 0..<8)
  func random(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var wrong: [String] = []
    for _ in 0..<5000 {
      let digits = UInt64.random(in: 0 ... .max, using: &random) >> UInt64.random(in: 0..<64, using: &random)
      let exponent = Int.random(in: -370...330, using: &random)
      if NearestDouble.of(digits, tenTo: exponent) != Double("\(digits)e\(exponent)") {
        wrong.append("\(digits)e\(exponent)")
      }
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }

  @Test("the 17 digits of any double, and numbers beside the middle of two", arguments: 0..<4)
  func doubles(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var wrong: [String] = []
    for _ in 0..<5000 {
      let value = Double.random(in: 0.5..<1, using: &random)
      let exponent = Int.random(in: -40...20, using: &random)
      // 15 to 19 digits of the value: ties, their neighbors, and what is written for a double.
      let digits = UInt64(value * 1e19) / [1, 10, 100, 1000, 10_000].randomElement(using: &random)!
      for near in [digits, digits &+ 1, digits | 1 << 10, digits << 1 | 1] {
        if NearestDouble.of(near, tenTo: exponent) != Double("\(near)e\(exponent)") {
          wrong.append("\(near)e\(exponent)")
        }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }

  @Test(
    "exact ties go to the even one",
    arguments: [
      (9_007_199_254_740_993, 0, 9_007_199_254_740_992), (9_007_199_254_740_995, 0, 9_007_199_254_740_996),
      (18_014_398_509_481_986, 0, 18_014_398_509_481_984), (9_007_199_254_740_993, 3, 9_007_199_254_740_993_000),
      (0, 55, 0), (0, -300, 0), (1, 22, 1e22),
    ] as [(UInt64, Int, Double)])
  func ties(digits: UInt64, exponent: Int, expected: Double) {
    #expect(NearestDouble.of(digits, tenTo: exponent) == expected)
  }
}
