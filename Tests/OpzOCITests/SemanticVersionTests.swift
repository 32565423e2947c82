import Testing

@testable import OpzOCI

@Suite("Semantic versions, semver.org 2.0.0")
struct SemanticVersionTests {
  static let valid = [
    "0.0.4", "1.2.3", "10.20.30", "1.1.2-prerelease+meta", "1.1.2+meta", "1.0.0-alpha", "1.0.0-alpha.beta.1",
    "1.0.0-alpha0.valid", "1.0.0-alpha.0valid", "1.0.0-rc.1+build.1", "1.2.3-SNAPSHOT-123", "2.0.0+build.1848",
    "1.0.0-0A.is.legal", "1.0.0+0.build.1-rc.10000aaa-kk-0.1", "1.2.3----R-S.12.9.1--.12+meta", "1.0.0+001",
    "9223372036854775807.0.0", "1.0.0-99999999999999999999999999999999", "1.0.0---", "1.0.0-0",
  ]

  @Test(arguments: valid)
  func validVersionsRoundTrip(text: String) {
    #expect(SemanticVersion(text)?.description == text)
  }

  @Test(arguments: [
    "", "1", "1.2", "1.2.3.4", "v1.2.3", "01.1.1", "1.01.1", "1.1.01", "1.2.3-01", "1.2.3-a.01", "1.2.3-", "1.2.3+",
    "1.2.3-+", "1.2.3-a..b", "1.2.3+a..b", "1.2.3+a+b", "1.2.3-a_b", " 1.2.3", "1.2.3 ", "1.2.3\n", "-1.2.3", "+1.2.3",
    "1.-2.3", "1..3", "a.b.c", "1.2.x", "9223372036854775808.0.0", "99999999999999999999.0.0", "１.2.3", "1.2.3-é",
    "latest",
    "auto", "1.2.3-\u{0}", "1.0.0-" + String(repeating: "a", count: 200),
  ])
  func otherTextIsRefused(text: String) {
    #expect(SemanticVersion(text) == nil)
  }

  /// The order in section 11 of the specification, and similar cases.
  static let ordered = [
    "0.0.0-0", "0.0.0", "0.0.1", "0.1.0", "0.9.0", "0.10.0", "1.0.0-0", "1.0.0-2", "1.0.0-10",
    "1.0.0-99999999999999999999", "1.0.0-100000000000000000000", "1.0.0--", "1.0.0-A", "1.0.0-alpha", "1.0.0-alpha.1",
    "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1",
    "9223372036854775807.0.0",
  ]

  @Test func precedenceIsTheSpecifications() throws {
    let versions = try Self.ordered.map { try #require(SemanticVersion($0)) }
    for (low, one) in versions.enumerated() {
      for (high, two) in versions.enumerated() {
        #expect((one < two) == (low < high), "\(one) < \(two)")
        #expect((one == two) == (low == high))
      }
    }
    #expect(versions.reversed().sorted() == versions)
  }

  @Test func buildMetadataMakesADifferentVersionWithAStableOrder() throws {
    let versions = try ["1.0.0+b", "1.0.0", "1.0.0+a"].map { try #require(SemanticVersion($0)) }
    #expect(versions.sorted().map(\.description) == ["1.0.0", "1.0.0+a", "1.0.0+b"])
    #expect(try versions[0] < #require(SemanticVersion("1.0.1-0")))
  }

  @Test(arguments: [
    ("1.2.3", "2.0.0", "1.3.0", "1.2.4"), ("0.0.0", "1.0.0", "0.1.0", "0.0.1"),
    ("1.2.3+build", "2.0.0", "1.3.0", "1.2.4"),
    // The next version after a pre-release is its release.
    ("1.2.3-rc.1", "2.0.0", "1.3.0", "1.2.3"), ("1.2.0-rc.1", "2.0.0", "1.2.0", "1.2.0"),
    ("2.0.0-rc.1", "2.0.0", "2.0.0", "2.0.0"),
  ])
  func theNextVersion(from text: String, major: String, minor: String, patch: String) throws {
    let version = try #require(SemanticVersion(text))
    #expect(version.next(.major).description == major)
    #expect(version.next(.minor).description == minor)
    #expect(version.next(.patch).description == patch)
    for bump in SemanticVersion.Bump.allCases { #expect(version < version.next(bump)) }
  }

  @Test func theNextOfTheLargestIsStillAfterIt() throws {
    let top = try #require(SemanticVersion("9223372036854775807.9223372036854775807.9223372036854775807"))
    for bump in SemanticVersion.Bump.allCases { #expect(top < top.next(bump)) }
  }
}
