import OpzIO
import OpzOCI
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzRegistry

/// Two clones of a registry that is kept in git.
struct GitClones {
  let fixture: RegistryFixture
  let ours: Registry
  let theirs: Registry

  init(_ prepare: (RegistryFixture) throws -> Void) throws {
    fixture = try RegistryFixture()
    try prepare(fixture)
    ours = fixture.registry
    try Self.git(["init", "-q", "-b", "main", "."], ours.root)
    try Self.commit(ours.root)
    let clone = fixture.directory.path.appending("clone")
    try Self.git(["clone", "-q", ours.root.string, clone.string], fixture.directory.path)
    theirs = try Registry.open(clone)
    try shareBlobs()
  }

  @discardableResult
  static func git(_ words: [String], _ directory: FilePath) throws -> Int32 {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example", "-c", "core.autocrlf=true"]
    return try ChildProcess.run(["git", "-C", directory.string] + identity + words).status
  }

  static func commit(_ directory: FilePath) throws {
    try git(["add", "-A"], directory)
    try git(["commit", "-q", "-m", "x"], directory)
  }

  /// Blobs are not in git; a container registry would have them.
  func shareBlobs() throws {
    for (from, to) in [(ours, theirs), (theirs, ours)] {
      try Durable.makeDirectory(to.root.appending("blobs/sha256"))
      _ = try ChildProcess.run(["cp", "-rn", from.root.appending("blobs").string, to.root.string])
    }
  }

  /// Merges theirs into ours.
  /// - Returns: git's exit status; 0 if there is no conflict.
  func merge() throws -> Int32 {
    try Self.commit(ours.root)
    try Self.commit(theirs.root)
    try shareBlobs()
    return try Self.git(["pull", "-q", "--no-rebase", "--no-edit", theirs.root.string, "main"], ours.root)
  }
}

@Suite("Clones that merge")
struct MergeTests {
  func add(_ registry: Registry, _ fixture: RegistryFixture, name: String, version: String, content: String)
    throws
  {
    let other = RegistryFixture(directory: fixture.directory, registry: registry)
    try other.add(name, version, content: content)
  }

  @Test("new versions with different models or numbers merge without a conflict, and the log joins")
  func clean() async throws {
    let clones = try GitClones { try $0.add("churn", "1.0.0", content: "a") }
    try add(clones.ours, clones.fixture, name: "churn", version: "1.1.0", content: "b")
    try add(clones.ours, clones.fixture, name: "fraud", version: "1.0.0", content: "c")
    try add(clones.theirs, clones.fixture, name: "churn", version: "2.0.0", content: "d")
    try add(clones.theirs, clones.fixture, name: "sales", version: "1.0.0", content: "e")
    #expect(try clones.merge() == 0)
    let ours = clones.ours
    #expect(try await ours.fsck().problems == [])
    #expect(try ours.models().map(\.description) == ["churn", "fraud", "sales"])
    let churn = try ModelName("churn")
    #expect(try ours.versions(churn).map(\.description) == ["1.0.0", "1.1.0", "2.0.0"])
    #expect(try ours.log(churn).currentHeads().count == 2)
    try add(ours, clones.fixture, name: "churn", version: "2.1.0", content: "f")
    #expect(try ours.log(churn).currentHeads().count == 1)
    #expect(try await ours.fsck().problems == [])
  }

  @Test("a merge that adds earlier events changes a cached state")
  func cached() async throws {
    let clones = try GitClones { try $0.add("churn", "1.0.0", content: "a") }
    for number in 0..<30 {
      try add(clones.ours, clones.fixture, name: "churn", version: "1.0.\(number + 1)", content: "ours \(number)")
    }
    let churn = try ModelName("churn")
    #expect(try clones.ours.versions(churn).count == 31)
    try add(clones.theirs, clones.fixture, name: "churn", version: "3.0.0", content: "theirs")
    #expect(try clones.merge() == 0)
    #expect(try clones.ours.versions(churn).count == 32)
  }

  @Test("one number with two contents is reported, and one of the two can be deleted")
  func sameNumber() async throws {
    let clones = try GitClones { try $0.add("churn", "1.0.0", content: "a") }
    try add(clones.ours, clones.fixture, name: "churn", version: "1.1.0", content: "ours")
    try add(clones.theirs, clones.fixture, name: "churn", version: "1.1.0", content: "theirs")
    let other = try clones.theirs.find(LocalReference(parsing: "churn@1.1.0"))
    #expect(try clones.merge() != 0)
    _ = try GitClones.git(["checkout", "--theirs", "."], clones.ours.root)
    try GitClones.commit(clones.ours.root)
    let ours = clones.ours
    let report = try await ours.fsck()
    #expect(report.problems.contains { $0.subject == "churn@1.1.0" && $0.hint?.contains("--digest") == true })
    let error = #expect(throws: RegistryError.self) { try ours.find(LocalReference(parsing: "churn@1.1.0")) }
    #expect(error?.category == .conflict)
    try ours.delete(
      ModelName("churn"), SemanticVersion(major: 1, minor: 1, patch: 0), image: other.record.image.digest,
      by: Author(actor: "t"))
    #expect(try await ours.fsck().problems == [])
    let kept = try ours.find(LocalReference(parsing: "churn@1.1.0"))
    #expect(kept.record.image.digest != other.record.image.digest)
  }

  @Test("an alias that was moved on both sides is reported, and the next move resolves it")
  func sameAlias() async throws {
    let author = Author(actor: "t")
    let clones = try GitClones { fixture in
      for version in ["1.0.0", "1.1.0", "1.2.0"] { try fixture.add("churn", version, content: version) }
      let first = try fixture.registry.find(LocalReference(parsing: "churn@1.0.0"))
      try fixture.registry.set(AliasName("production")!, to: first, by: author)
    }
    let production = AliasName("production")!
    for (registry, version) in [(clones.ours, "1.1.0"), (clones.theirs, "1.2.0")] {
      try registry.set(production, to: try registry.find(LocalReference(parsing: "churn@\(version)")), by: author)
    }
    #expect(try clones.merge() == 0)
    let ours = clones.ours
    #expect(try await ours.fsck().problems.map(\.subject) == ["churn@production"])
    let error = #expect(throws: RegistryError.self) { try ours.find(LocalReference(parsing: "churn@production")) }
    #expect(error?.category == .conflict)
    try ours.set(production, to: try ours.find(LocalReference(parsing: "churn@1.2.0")), by: author)
    #expect(
      try ours.find(LocalReference(parsing: "churn@production")).version
        == SemanticVersion(major: 1, minor: 2, patch: 0))
    #expect(try await ours.fsck().problems == [])
    #expect(try ours.log(ModelName("churn")).currentHeads().count == 1)
  }
}
