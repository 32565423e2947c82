import OpzIO
import OpzTestKit
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite("Durable files")
struct DurableTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test("a claim succeeds once, and leaves nothing else behind")
  func claimOnce() throws {
    let path = directory.path.appending("record")
    #expect(try Durable.createExclusively(path, with: [1]))
    #expect(try !Durable.createExclusively(path, with: [2]))
    #expect(try FileBlob(path).bytes() == [1])
    #expect(try directory.tree() == ["record"])
  }

  @Test("of many concurrent claims, exactly one wins")
  func claimRace() async throws {
    let path = directory.path.appending("record")
    let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
      for writer in 0..<32 {
        group.addTask {
          try await blocking { try Durable.createExclusively(path, with: Array("writer \(writer)".utf8)) }
        }
      }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(winners == 1)
    #expect(try directory.tree() == ["record"])
  }

  @Test("replace writes the new content with the mode")
  func replace() throws {
    let path = directory.path.appending("index.json")
    try Durable.replace(path, with: [1, 2])
    try Durable.replace(path, with: [3], mode: 0o600)
    #expect(try FileBlob(path).bytes() == [3])
    #expect(try FileStatus.of(path).mode == 0o600)
    #expect(try directory.tree() == ["index.json"])
  }

  @Test("a failed replace keeps the old file and leaves no other")
  func failedReplace() throws {
    let path = directory.path.appending("taken")
    try Durable.makeDirectory(path.appending("inside"))
    #expect(throws: IOFailure.self) { try Durable.replace(path, with: [1]) }
    #expect(try directory.tree() == ["taken", "taken/inside"])
  }

  @Test("a missing directory is an error that names the file")
  func missing() throws {
    let path = directory.path.appending("no").appending("where")
    let failure = #expect(throws: IOFailure.self) { try Durable.replace(path, with: []) }
    #expect(failure?.category == .notFound)
    #expect(failure?.description.contains("no such file or directory") == true)
  }

  @Test("removeTree does not follow links")
  func links() throws {
    let outside = try directory.write("outside/keep", "x")
    try Durable.makeDirectory(directory.path.appending("tree"))
    let result = try ChildProcess.run(["ln", "-s", "../outside", directory.path.appending("tree/link").string])
    #expect(result.status == 0)
    try Durable.removeTree(directory.path.appending("tree"))
    #expect(try FileStatus.find(outside) != nil)
    #expect(try directory.tree() == ["outside", "outside/keep"])
  }

  @Test("removeTree removes what its owner may not write", .enabled(if: geteuid() != 0, "root may write everything"))
  func readOnly() throws {
    try directory.write("tree/a/b/file", "x")
    for (name, mode) in [("tree/a/b", 0o555), ("tree/a", 0o000), ("tree", 0o555)] {
      #expect(chmod(directory.path.pushing(FilePath(name)).string, mode_t(mode)) == 0)
    }
    try Durable.removeTree(directory.path.appending("tree"))
    #expect(try directory.tree() == [])
  }

  @Test("an exclusive lock keeps others out until it is released")
  func lock() throws {
    let path = directory.path.appending("lock")
    do {
      let held = try FileLock.take(path, .exclusive)
      let other = try FileLock.tryTake(path, .shared)
      let isFree = other != nil
      #expect(!isFree)
      _ = consume held
    }
    let again = try FileLock.tryTake(path, .exclusive)
    let isFree = again != nil
    #expect(isFree)
  }

  @Test("shared locks can be held at the same time")
  func sharedLocks() throws {
    let path = directory.path.appending("lock")
    let one = try FileLock.take(path, .shared)
    let two = try FileLock.tryTake(path, .shared)
    let three = try FileLock.tryTake(path, .exclusive)
    let (second, third) = (two != nil, three != nil)
    #expect(second)
    #expect(!third)
    _ = consume one
  }

  /// A child of another thread has a copy of each descriptor between its fork and its exec, which lasts as long as the
  /// disk takes to deliver the program.
  @Test(
    "a lock that is released is free, even while a child still has a copy of its descriptor", arguments: [true, false])
  func copiedDescriptors(_ isDataFile: Bool) throws {
    let path = directory.path.appending("lock")
    let copy: Int32
    if isDataFile {
      let held = try LockedFile.take(path, waits: false)
      copy = try copyOfDescriptor(path)
      _ = consume held
    } else {
      let held = try FileLock.take(path, .exclusive)
      copy = try copyOfDescriptor(path)
      _ = consume held
    }
    defer { close(copy) }
    let again = try LockedFile.take(path, waits: false)
    let isFree = again != nil
    #expect(isFree)
  }

  private func copyOfDescriptor(_ path: FilePath) throws -> Int32 {
    let inode = try FileStatus.of(path).inode
    let descriptors = try Directory.entries("/proc/self/fd").compactMap { Int32($0.string) }
    return dup(
      try #require(
        descriptors.first { descriptor in
          var status = stat()
          return fstat(descriptor, &status) == 0 && UInt64(status.st_ino) == inode
        }))
  }
}
