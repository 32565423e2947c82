import OpzFlow
import OpzIO
import OpzRegistry
import OpzTestKit
import SystemPackage
import Testing

@Suite("opz cache")
struct PruneCacheTests {
  /// A registry whose cache has a file of 1000 bytes in each of these places, the first used the longest ago.
  private func project(_ files: [String]) async throws -> Project {
    let project = try Project()
    let cache = try project.session.createRegistry().root.appending("cache")
    for (index, file) in files.enumerated() {
      let path = cache.pushing(FilePath(file))
      try Durable.makeDirectory(path.removingLastComponent())
      try Durable.replace(path, with: Array(repeating: 120, count: 1000))
      try Self.age(path, days: files.count - index)
    }
    return project
  }

  static func age(_ path: FilePath, days: Int) throws {
    let touched = try ChildProcess.run(["touch", "-d", "\(days) days ago", path.string])
    try #require(touched.status == 0, "\(touched.errorText)")
  }

  private func left(_ files: [String], _ project: Project) throws -> [String] {
    let cache = try project.registry().root.appending("cache")
    return try files.filter { try FileStatus.find(cache.pushing(FilePath($0))) != nil }
  }

  static let files = ["bytecode/a.zip", "facts/a.json", "wheels/a.whl", "bytecode/b.zip", "names/a", "facts/b.json"]

  @Test("compiled modules and what is known of bases count for the limit, and go by their last use", arguments: 0...6)
  func limit(kept: Int) async throws {
    let project = try await project(Self.files)
    let registry = try project.registry()
    let report = try await PruneCache(limit: "\(kept * 1000)", in: project.session).run(registry)
    #expect(report.parts.map(\.name) == ["bytecode", "facts", "names", "wheels"])
    #expect(report.parts.map(\.bytes) == [2000, 2000, 1000, 1000] && report.parts.map(\.entries) == [2, 2, 1, 1])
    #expect(report.removedEntries == 6 - kept && report.removedBytes == UInt64(6 - kept) * 1000)
    #expect(try left(Self.files, project) == Self.files.suffix(kept))
  }

  @Test("a dry run removes nothing, and what was used within the hour stays")
  func kept() async throws {
    let project = try await project(Self.files)
    let registry = try project.registry()
    let dry = try await PruneCache(limit: "0", isDryRun: true, in: project.session).run(registry)
    #expect(dry.removedEntries == 6)
    #expect(try left(Self.files, project) == Self.files)
    RecentUse.mark(registry.root.appending("cache/bytecode/a.zip"))
    _ = try await PruneCache(limit: "1", in: project.session).run(registry)
    #expect(try left(Self.files, project) == ["bytecode/a.zip"])
  }

  @Test("using what is known of a base counts as use")
  func used() async throws {
    let project = try await LockedProject()
    try project.wheel("a", "1.0")
    try project.require("a")
    try await project.lock()
    let cache = try project.project.registry().root.appending("cache")
    let files = try ["facts", "names"].flatMap { part in
      try Directory.entries(cache.appending(part)).map { cache.appending(part).appending($0) }
    }
    #expect(files.count >= 2)
    for file in files { try Self.age(file, days: 2) }
    let before = try files.map { try FileStatus.of($0).modified }
    try Durable.remove(project.project.path.appending("opz.lock"))
    try await project.lock()
    try await project.plan()
    let after = try files.map { try FileStatus.of($0).modified }
    #expect(zip(before, after).allSatisfy(<), "\(files)")
  }
}
