import OpzDebian
import OpzIO
import OpzTestKit
import Testing

@Suite("Debian versions")
struct DebianVersionTests {
  @Test(
    "are ordered as deb-version(7) says",
    arguments: [
      ("1.0~rc1", "1.0"), ("1.0~~", "1.0~"), ("1.0", "1.0-1"), ("1.0-1", "1.0-1+b1"), ("1.0-1", "1.0-1+deb12u1"),
      ("1.9", "1.10"), ("9", "1:0"), ("1.0a", "1.0b"), ("1.0a", "1.0+"), ("1.0-1~bpo12+1", "1.0-1"), ("2", "10"),
      ("1.0", "1.0a"), ("1-2-3", "1-2-4"), ("0.99999999999999999999998", "0.99999999999999999999999"),
    ])
  func order(_ earlier: String, _ later: String) throws {
    let (one, other) = (try #require(DebianVersion(earlier)), try #require(DebianVersion(later)))
    #expect(one < other)
    #expect(!(other < one))
    #expect(one != other)
  }

  @Test("are equal whatever zeros they have", arguments: [("1.0", "1.00"), ("1", "0:1"), ("1.", "1.0"), ("1", "1-0")])
  func equal(_ one: String, _ other: String) throws {
    #expect(try #require(DebianVersion(one)) == #require(DebianVersion(other)))
  }

  @Test(
    "are none where dpkg takes none",
    arguments: ["", "-1", "a1", "1:", "x:1", "-1:1", "1 2", "1_2", "1-", "1-a_b", "99999999999:1", "1\u{e9}", ":1"])
  func malformed(_ text: String) { #expect(DebianVersion(text) == nil) }

  /// Debian's own order of 400 pairs that are made of the characters which decide.
  @Test("are ordered as dpkg orders them")
  func dpkg() throws {
    var random = SeededGenerator(seed: 7)
    let parts = ["0", "1", "01", "9", "10", "~", "+", ".", "a", "Z", "-", "-0", "~~", ":"]
    var pairs: [(DebianVersion, DebianVersion)] = []
    while pairs.count < 400 {
      func text() -> String {
        "1" + (0..<Int.random(in: 0...5, using: &random)).map { _ in parts.randomElement(using: &random)! }.joined()
      }
      guard let one = DebianVersion(text()), let other = DebianVersion(text()) else { continue }
      pairs.append((one, other))
    }
    let lines = pairs.map { "dpkg --compare-versions '\($0)' lt '\($1)' && echo y || echo n" }
    let said = try ChildProcess.run(["sh", "-c", lines.joined(separator: "\n")])
    guard said.errors.isEmpty else { throw MissingProgram("dpkg: \(said.errorText.prefix(200))") }
    let answers = said.text.split(separator: "\n")
    #expect(answers.count == pairs.count)
    for ((one, other), answer) in zip(pairs, answers) {
      #expect((one < other) == (answer == "y"), "\(one) and \(other)")
    }
  }
}
