import Foundation
import OpzDeploy
import OpzYAML
import Testing
import Yams

@Suite("Objects as values and as text")
struct ManifestRoundTripTests {
  /// Yams reads the same value that was written.
  @Test("Yams reads every object back unchanged", arguments: Scenario.allCases)
  func yams(scenario: Scenario) throws {
    for document in try scenario.manifests.documents {
      let read = try #require(try Yams.compose(yaml: document.text))
      #expect(ManifestRoundTripTests.value(read).isSame(as: document.value), "\(document.name)")
    }
  }

  private static func value(_ node: Node) -> YAMLValue {
    switch node {
    case .mapping(let mapping): .map(mapping.map { .init($0.key.string ?? "", value($0.value)) })
    case .sequence(let items): .list(items.map(value))
    case .scalar(let scalar):
      if scalar.style == .doubleQuoted {
        .text(scalar.string)
      } else if let number = node.int {
        .integer(number)
      } else if let flag = node.bool {
        .bool(flag)
      } else {
        .text(scalar.string)
      }
    default: .null
    }
  }

  @Test("numbers with a fraction, and null", arguments: [0.5, 1e-7, 1e16, -2.25, 1e300, 5e-324])
  func numbers(number: Double) throws {
    let text = YAMLWriter.write(.map(.init("a", .number(number)), .init("b", .null)))
    let read = try #require(try Yams.load(yaml: text) as? [String: Any])
    #expect(read["a"] as? Double == number)
    #expect(read["b"] is NSNull || read["b"] == nil)
  }
}
