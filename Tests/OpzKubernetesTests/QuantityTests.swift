import OpzIO
import OpzKubernetes
import OpzTestKit
import Testing

@Suite("Quantity")
struct QuantityTests {
  /// Values computed by hand: (text, thousandths, whole units), both rounded up.
  @Test(
    "quantities have the same values as in Kubernetes",
    arguments: [
      ("500m", 500, 1), ("1", 1000, 1), ("2", 2000, 2), ("+2", 2000, 2), ("007", 7000, 7), ("0.5", 500, 1),
      (".5", 500, 1),
      ("5.", 5000, 5), ("1.25", 1250, 2), ("100u", 1, 1), ("1n", 1, 1), ("1000000n", 1, 1), ("1000001n", 2, 1),
      ("0.1n", 1, 1), ("1e-99", 1, 1), ("1k", 1_000_000, 1000), ("1M", 1_000_000_000, 1_000_000),
      ("1G", 1_000_000_000_000, 1_000_000_000),
      ("1e3", 1_000_000, 1000), ("1E3", 1_000_000, 1000), ("1e+3", 1_000_000, 1000), ("1.5e1", 15_000, 15),
      ("1500e-3", 1500, 2),
      ("1Ki", 1_024_000, 1024), ("256Mi", 268_435_456_000, 268_435_456), ("0.5Gi", 536_870_912_000, 536_870_912),
      ("0.1Gi", 107_374_182_400, 107_374_183), ("0.1Ki", 102_400, 103),
      ("1Ti", 1_099_511_627_776_000, 1_099_511_627_776),
      ("1T", 1_000_000_000_000_000, 1_000_000_000_000), ("1P", 1_000_000_000_000_000_000, 1_000_000_000_000_000),
    ] as [(String, Int64, Int64)])
  func values(text: String, milli: Int64, units: Int64) throws {
    let quantity = try Quantity(text, key: "k")
    #expect(quantity.description == text)
    #expect(quantity.milli == milli)
    #expect(quantity.units == units)
  }

  @Test("the largest values are 2^63 - 1; thousandths are clamped")
  func largest() throws {
    #expect(try Quantity("9223372036854775807", key: "k").units == .max)
    #expect(try Quantity("9223372036854775807", key: "k").milli == .max)
    #expect(try Quantity("7Ei", key: "k").units == 7 << 60)
    #expect(try Quantity("9E", key: "k").units == 9_000_000_000_000_000_000)
  }

  @Test(
    "a quantity that is too large for Kubernetes is refused",
    arguments: [
      "9223372036854775808", "8Ei", "9.3E", "10E", "1e19", "1e99", "99999999999999999999999999999999",
      "99999999999999999999999999999Ei",
    ])
  func huge(text: String) {
    #expect(message(text) == "deploy.resources.cpu: \(text) is more than the largest Kubernetes quantity, 2^63 - 1")
  }

  @Test("zero is refused", arguments: ["0", "0m", "0.0", ".0", "0e3", "0e99", "0Gi", "+0", "0000"])
  func zero(text: String) {
    #expect(message(text) == "deploy.resources.cpu: \(text) is not greater than 0")
  }

  @Test(
    "an invalid quantity is refused",
    arguments: [
      "", " ", "m", "Ki", ".", "+", "-", "-1", "-500m", "+-1", "++1", "1 ", " 1", "1 Gi", "1,5", "1.2.3", "1..2", "1-2",
      "1+", "1K", "1KB",
      "1kb", "1Kib", "1ki", "1GB", "1gi", "1g", "1mi", "1mm", "1e", "1e1.5", "1e3Gi", "1e3m", "1ee3", "1e 3", "1e--3",
      "0x10", "1_000", "one",
      "NaN", "inf", "1e100", "1e-100", "1e9223372036854775808", "1\n", "1\u{0}", "１", "١", "1\u{301}", "½", "1µ", "1e٣",
      "123456789012345678901234567890123",
    ])
  func malformed(text: String) {
    #expect(
      message(text) == """
        deploy.resources.cpu: "\(PrintableText.text(text.prefix(40)))" is not a Kubernetes quantity

        hint: write 500m or 2 for CPU, 256Mi or 2Gi for memory
        """)
  }

  @Test("a long text is refused and truncated in the message")
  func long() throws {
    let text = String(repeating: "9", count: 1_000_000)
    #expect(try #require(message(text)).utf8.count < 250)
  }

  /// Random digits, point and suffix: the value equals the product in 128 bits, computed in a different way.
  @Test("random quantities are exact", arguments: [1, 2, 3] as [UInt64])
  func random(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let suffixes: [(String, Int128, Int128)] = [
      ("n", 1, 1_000_000_000), ("u", 1, 1_000_000), ("m", 1, 1000), ("", 1, 1), ("k", 1000, 1), ("M", 1_000_000, 1),
      ("e2", 100, 1),
      ("e-2", 1, 100), ("Ki", 1024, 1), ("Mi", 1 << 20, 1), ("Gi", 1 << 30, 1),
    ]
    for _ in 0..<1000 {
      let (suffix, numerator, denominator) = suffixes[Int.random(in: 0..<suffixes.count, using: &generator)]
      let whole = Int128.random(in: 0...999_999, using: &generator)
      let thousandths = Int128.random(in: 1...999, using: &generator)
      let fraction = String(String(1000 + thousandths).dropFirst())
      let quantity = try Quantity("\(whole).\(fraction)\(suffix)", key: "k")
      let value = (whole * 1000 + thousandths) * numerator
      // Rounding up to billionths first changes nothing, because the ceiling of a ceiling is the ceiling.
      #expect(Int128(quantity.milli) == (value + denominator - 1) / denominator, "\(quantity)")
      #expect(Int128(quantity.units) == (value + 1000 * denominator - 1) / (1000 * denominator), "\(quantity)")
    }
  }

  private func message(_ text: String) -> String? {
    do {
      let quantity = try Quantity(text, key: "deploy.resources.cpu")
      return "accepted: \(quantity.milli)m"
    } catch {
      return (error as? KubernetesError)?.description
    }
  }
}
