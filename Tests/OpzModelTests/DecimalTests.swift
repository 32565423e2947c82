import OpzTestKit
import Testing

@testable import OpzModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("Decimal numbers")
struct DecimalTests {
  /// Reads a whole text; nil if it is no number.
  private func read(_ text: String, mark: String = ".") -> Double? {
    var bytes = Array(text.utf8)
    let count = bytes.count
    // What follows a number in a table must not matter.
    bytes += Array(",9999999".utf8) + Array(repeating: 10, count: DecimalReader.padding)
    return bytes.withUnsafeBufferPointer { space in
      guard let start = space.baseAddress else { return nil }
      var value = 0.0
      let end = DecimalReader(mark: mark.utf8.first ?? 0).read(start, into: &value)
      return end == start + count && count > 0 ? value : nil
    }
  }

  private func expectSame(_ text: String) {
    let (found, wanted) = (read(text), strtod(text, nil))
    #expect(found?.bitPattern == wanted.bitPattern, "\(text): \(found as Any), strtod has \(wanted)")
  }

  @Test("whole numbers, fractions and exponents are read as strtod does")
  func plain() {
    for text in [
      "0", "-0", "+0", "1", "-1.5", ".5", "5.", "00012.500", "123456789012345678", "9007199254740993",
      "9007199254740992.5", "1e22", "1e23", "1E+5", "2.5e-3", "123456789.123456789e-10", "1e400", "-1e400", "1e-400",
      "0e999999999999", "1e99999999999999999999", "1e-99999999999999999999", "0.1", "0.3", "3.4028235e38",
      "18446744073709551615", "18446744073709551616", "99999999999999999999",
    ] { expectSame(text) }
  }

  @Test(
    "what is no number is not read",
    arguments: [
      "", "-", "+", ".", "-.", "e5", "1e", "1e+", "nan", "inf", "0x10", "1..2", "--1", "1 ", " 1", "1_0", "٣",
    ])
  func refused(text: String) { #expect(read(text) == nil) }

  @Test("numbers between two floats, at the edges of the range, and with more digits than a float has")
  func hard() {
    for text in [
      // Ties and near ties (Clinger 1990; Paxson 1991, "A program for testing IEEE decimal-binary conversion").
      "9007199254740993", "9007199254740995", "5e125", "69e267", "999e-026", "7861e-034", "75569e-254", "928609e-261",
      "9210917e080", "84863171e114", "653777767e273", "5232604057e-298", "27235667517e-109", "653532977297e-123",
      "3142213164987e-294", "46202199371337e-072", "231010996856685e-073", "9324754620109615e212",
      "78459735791271921e049", "272104041512242479e200", "6802601037806061975e198", "20505426358836677347e-221",
      "836168422905420598437e-234", "4891559871276714924261e222", "7.2057594037927933e16",
      // The least and greatest numbers, and what lies halfway to them.
      "4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "2.2250738585072011e-308",
      "2.2250738585072012e-308", "2.2250738585072014e-308", "1.7976931348623157e308", "1.7976931348623158e308",
      "1.7976931348623159e308", "1.797693134862315807e308",
      "2.4703282292062327208299e-324", "8.98846567431158053565666804e307",
      "0.000000000000000000000000000000000000000000000000000000000000000000000000123456789012345678901234567890",
      "100000000000000000000000000000000000000000000000000e-40",
      "1.00000000000000011102230246251565404236316680908203125",
      "1.00000000000000011102230246251565404236316680908203124",
      "1.00000000000000011102230246251565404236316680908203126",
    ] { expectSame(text) }
    expectSame("0." + String(repeating: "0", count: 400) + "1e400")
    expectSame("1" + String(repeating: "0", count: 400) + "e-400")
    expectSame(String(repeating: "9", count: 2000) + "e-1990")
  }

  @Test("a hundred thousand random numbers of each spelling, from any bits and between neighbors", arguments: 0..<4)
  func random(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var wrong: [String] = []
    for _ in 0..<100_000 {
      let text: String
      switch seed {
      case 0: text = Double(bitPattern: random.next() & ~(1 << 62)).description
      case 1:
        // The middle of two floats, to 17 to 19 digits.
        let value = Double(bitPattern: random.next() >> 1).magnitude
        let digits = Int32.random(in: 15...19, using: &random)
        text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { space in
          withVaList([digits, value]) { _ = vsnprintf(space.baseAddress, 64, "%.*e", $0) }
          return space.baseAddress.map { String(cString: $0) } ?? ""
        }
      case 2: text = "\(random.next() >> (random.next() % 64))e\(Int.random(in: -345...310, using: &random))"
      default:
        let (whole, part) = (random.next() >> (random.next() % 64), random.next() >> (random.next() % 64))
        text = "\(Bool.random(using: &random) ? "-" : "")\(whole % 100_000).\(part)"
      }
      guard text != "inf", text != "nan" else { continue }
      if read(text)?.bitPattern != strtod(text, nil).bitPattern { wrong.append(text) }
    }
    #expect(wrong == [])
  }

  @Test("a decimal comma is a mark like any other")
  func comma() {
    #expect(read("3,25", mark: ",") == 3.25 && read("-0,5e2", mark: ",") == -50)
    #expect(read("3.25", mark: ",") == nil)
    #expect(read("1,2345678901234567890123", mark: ",") == 1.2345678901234567890123)
  }
}
