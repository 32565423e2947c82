import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzRegistry

/// While the directory of events is unchanged, a search reads the cache of an earlier one. It must never be outdated.
@Suite("The cache of searches")
struct SearchCacheTests {
  let fixture: RegistryFixture
  let name: ModelName

  init() throws {
    fixture = try RegistryFixture()
    name = try ModelName("churn")
    for number in 0..<3 { try fixture.add("churn", "1.\(number).0", content: "content \(number)") }
  }

  private var registry: Registry { fixture.registry }
  private var kept: FilePath { registry.root.appending("cache").appending("fields") }

  /// The results of a search as text: once from the events, once from the cache.
  private func found(_ query: String? = "tag.team = 'crm' or tag.team is null") async throws -> [String] {
    let parsed = try query.map { try VersionQuery(parsing: $0) }
    func words() async throws -> [String] {
      try await registry.search(name, where: parsed).map { found in
        let tags = found.tags.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return ([found.version.version.description] + found.aliases.map(\.description) + tags).joined(separator: " ")
      }
    }
    let first = try await words()
    try settle()
    let second = try await words(), third = try await words()
    #expect(first == second && second == third)
    return third
  }

  /// Makes the events old enough that a later change is visible in the times.
  private func settle() throws {
    let events = registry.log(name).events
    _ = try ChildProcess.run(["touch", "-d", "2020-01-01T00:00:00", events.string])
    // The kernel sets the ctime, so this waits for the clock's granularity.
    while FieldsFile.mark(events) == nil { _ = try ChildProcess.run(["sleep", "0.02"]) }
  }

  @Test("each kind of change shows in the next search")
  func changes() async throws {
    #expect(try await found() == ["1.2.0 team=crm", "1.1.0 team=crm", "1.0.0 team=crm"])
    #expect(try FileStatus.find(kept) != nil)
    try fixture.add("churn", "1.3.0", content: "content 3")
    #expect(try await found().first == "1.3.0 team=crm")
    let version = try registry.find(LocalReference(parsing: "churn@1.3.0"))
    try registry.set(AliasName("production")!, to: version, by: Author(actor: "t"))
    #expect(try await found().first == "1.3.0 production team=crm")
    try registry.tag(version, ["owner": "a\tb,c\u{1F}=d\n", "team": "risk"], by: Author(actor: "t"))
    #expect(try await found(nil).first == "1.3.0 production owner=a\tb,c\u{1F}=d\n team=risk")
    #expect(try await found().first == "1.2.0 team=crm")
    #expect(try await found("tag.team = 'risk'").count == 1)
    #expect(try await found("alias = 'production' and version > '1.0.0'").count == 1)
  }

  @Test("a damaged file is treated as missing")
  func damaged() async throws {
    let expected = try await found()
    for entry in try Directory.entries(kept) {
      for file in try Directory.entries(kept.appending(entry)) {
        try fixture.damage(kept.appending(entry).appending(file))
      }
    }
    #expect(try await found() == expected)
  }
}
