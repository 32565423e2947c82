import Testing

@testable import OpzInference

@Suite("The order of versions")
struct VersionOrderTests {
  /// Ascending.
  private static let versions = [
    "", "2026-11-30", "blue", "green", "v9", "0", "01", "1", "2", "10", "99999999999999999999999",
    "0.0.1", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
    "1.0.0-rc.1", "1.0.0", "1.0.0+build.2", "1.2.9", "1.2.10", "1.10.0", "99999999999999999999999.0.0",
  ]

  @Test("Semantic versions are above numbers, which are above other texts, each in its own order")
  func order() {
    let orders = VersionOrderTests.versions.map { VersionOrder($0) }
    for (index, one) in orders.enumerated() {
      for (place, other) in orders.enumerated() {
        #expect(
          (one < other) == (index < place), "\(VersionOrderTests.versions[index]) \(VersionOrderTests.versions[place])")
        #expect((one == other) == (index == place))
      }
    }
  }

  @Test(
    "What looks like a semantic version but is none is a text",
    arguments: ["1.0", "1.0.0-", "1.0.0-a..b", "1.0.x", "1..0"])
  func texts(version: String) {
    #expect(VersionOrder(version) < VersionOrder("0"))
  }
}
