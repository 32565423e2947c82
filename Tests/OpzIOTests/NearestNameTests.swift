import OpzTestKit
import Testing

@testable import OpzIO

@Suite("The nearest name")
struct NearestNameTests {
  private static let keys = [
    "opz", "name", "version", "model", "runtime", "code", "config", "files", "layers", "env", "platforms", "lineage",
    "deploy", "push",
  ]

  @Test(arguments: [
    ("nmae", "name"), ("Name", "name"), ("modell", "model"), ("runtme", "runtime"), ("plattforms", "platforms"),
    ("evn", "env"), ("cod", "code"), ("linage", "lineage"), ("deplyo", "deploy"), ("versoin", "version"),
  ])
  func typosAreNear(typo: String, name: String) {
    #expect(NearestName.find(typo, in: NearestNameTests.keys) == name)
  }

  @Test(arguments: ["", "x", "zebra", "metadata", "\u{1F600}", String(repeating: "n", count: 100_000)])
  func otherWordsAreNot(word: String) {
    #expect(NearestName.find(word, in: NearestNameTests.keys) == nil)
  }

  /// The plain definition of the distance, by recursion over the ends of both words.
  private func reference(_ one: ArraySlice<Character>, _ two: ArraySlice<Character>) -> Int {
    guard let last = one.last, let other = two.last else { return one.count + two.count }
    var best = min(
      reference(one.dropLast(), two) + 1, reference(one, two.dropLast()) + 1,
      reference(one.dropLast(), two.dropLast()) + (last == other ? 0 : 1))
    if one.count > 1, two.count > 1, one.dropLast().last == other, two.dropLast().last == last {
      best = min(best, reference(one.dropLast(2), two.dropLast(2)) + 1)
    }
    return best
  }

  @Test func theDistanceIsTheDefinitions() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<200 {
      let words = (0..<2).map { _ in
        (0..<Int.random(in: 0...5, using: &generator)).compactMap { _ in "abc".randomElement(using: &generator) }
      }
      #expect(NearestName.distance(words[0], words[1]) == reference(words[0][...], words[1][...]), "\(words)")
      #expect(NearestName.distance(words[0], words[1]) == NearestName.distance(words[1], words[0]))
    }
  }
}
