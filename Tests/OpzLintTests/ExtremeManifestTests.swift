import OpzLint
import Testing

/// Each number in each rule's examples with extreme values: findings or none, but never a crash.
@Suite("Extreme numbers in manifests")
struct ExtremeManifestTests {
  private static let values = [
    "-1", "9223372036854775807", "4611686018427387904", "1e308", "9E", ".inf", "9223372036854775807%",
  ]

  @Test("a rule's example is linted with any numbers", arguments: RuleBook.all.map(\.code))
  func examples(_ code: String) throws {
    let about = try #require(RuleBook.about(code))
    for text in [about.wrong, about.right] {
      for value in ExtremeManifestTests.values {
        for changed in ExtremeManifestTests.changed(text, to: value) {
          _ = try Linter.lint(changed, named: "t.yaml") { options in
            (options.need, options.perPod, options.loadSeconds) = (1e300, .leastNonzeroMagnitude, 1e300)
          }
        }
      }
    }
  }

  /// The text once for each of its numbers, with that number replaced, and once with all replaced.
  private static func changed(_ text: String, to value: String) -> [String] {
    let numbers = text.ranges(of: /\b[0-9]+(?:\.[0-9]+)?(?:m|Mi|Gi|%)?\b/)
    let single = numbers.map { text.replacingCharacters(in: $0, with: value) }
    let all = numbers.reversed().reduce(text) { $0.replacingCharacters(in: $1, with: value) }
    return single + [all]
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    var result = self
    result.replaceSubrange(range, with: text)
    return result
  }
}

extension Linter {
  fileprivate static func lint(_ text: String, named name: String, _ change: (inout LintOptions) -> Void) throws
    -> [Finding]
  {
    var options = LintOptions()
    options.threads = 1
    change(&options)
    return try lint(text, named: name, options)
  }
}
