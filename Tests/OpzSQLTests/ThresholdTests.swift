import OpzTestKit
import Testing

@testable import OpzSQL

@Suite("float32 comparisons of float64 columns")
struct ThresholdTests {
  private static let special: [Float] = [
    0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, 1, 1.0000001, -1, 0.1, 16_777_216,
    .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .infinity, -.infinity,
  ]

  @Test("a comparison says what the one of the rounded number says, at and beside each middle")
  func comparisons() {
    var random = SeededGenerator(seed: 7)
    let thresholds = Self.special + (0..<2000).map { _ in Float(bitPattern: .random(in: 0...(.max), using: &random)) }
    for threshold in thresholds where !threshold.isNaN {
      let (below, upTo) = (Threshold(below: threshold), Threshold(upTo: threshold))
      for middle in [below.number, upTo.number, Double(threshold)] {
        for number in [middle.nextDown, middle, middle.nextUp] where !number.isNaN {
          let rounded = Float(number)
          #expect(Self.holds(below, number) == (rounded < threshold), "\(number) < \(threshold)")
          #expect(Self.holds(upTo, number) == (rounded <= threshold), "\(number) <= \(threshold)")
        }
      }
    }
  }

  private static func holds(_ threshold: Threshold, _ number: Double) -> Bool {
    threshold.isIncluded ? number <= threshold.number : number < threshold.number
  }
}
