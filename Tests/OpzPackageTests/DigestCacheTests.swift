import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzPackage

@Suite("The cache of digests")
struct DigestCacheTests {
  let directory: TemporaryDirectory
  let file: FilePath

  init() throws {
    directory = try TemporaryDirectory()
    file = directory.path.appending("cache/digests")
  }

  /// A time at which every file of the test is old.
  /// It is computed on each use, a minute from now, because on a busy machine tests start minutes apart.
  static var later: Timestamp { Timestamp(milliseconds: Timestamp.now().milliseconds + 60_000) }

  private func make(_ name: String, _ text: String) throws -> (FileStatus, Digest) {
    let path = try directory.write(name, text)
    return (try FileStatus.of(FilePath("\(path)")), Digest.of(Array(text.utf8)))
  }

  @Test("another process finds the saved digests, and its additions are merged")
  func saved() throws {
    var all: [(FileStatus, Digest)] = []
    for number in 0..<50 { all.append(try make("f\(number)", "content \(number)")) }
    let (one, two) = (DigestCache(file), DigestCache(file))
    for (index, (status, digest)) in all.enumerated() {
      (index % 2 == 0 ? one : two).remember(digest, of: status, read: Self.later)
    }
    try one.save()
    try two.save()
    let third = DigestCache(file)
    for (status, digest) in all { #expect(third.digest(of: status) == digest) }
  }

  @Test("a file that changed in any way is not found")
  func changed() throws {
    let (status, digest) = try make("a", "one")
    let cache = DigestCache(file)
    cache.remember(digest, of: status, read: Self.later)
    try cache.save()
    // The size is the same and the mtime is restored, but the ctime differs.
    let path = directory.path.appending("a").string
    let stamp = try ChildProcess.run(["touch", "-r", path, "\(path).time"])
    #expect(stamp.status == 0)
    try directory.write("a2", "two")
    _ = try ChildProcess.run(["sh", "-c", "cat \(path)2 > \(path) && touch -r \(path).time \(path)"])
    let after = try FileStatus.of(FilePath(path))
    #expect(after.modified == status.modified && after.size == status.size && after.inode == status.inode)
    #expect(DigestCache(file).digest(of: after) == nil)
    #expect(DigestCache(file).digest(of: status) == digest)
  }

  @Test("a file that was just written is not cached")
  func racy() throws {
    let (status, digest) = try make("a", "one")
    let cache = DigestCache(file)
    cache.remember(digest, of: status, read: Timestamp(milliseconds: status.changed / 1_000_000 + 20))
    #expect(cache.digest(of: status) == nil)
    cache.remember(digest, of: status, read: Timestamp(milliseconds: status.changed / 1_000_000 + 5000))
    #expect(cache.digest(of: status) == digest)
  }

  @Test("a damaged cache is treated as missing", arguments: 0..<20)
  func damaged(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var all: [(FileStatus, Digest)] = []
    let cache = DigestCache(file)
    for number in 0..<5 {
      let (status, digest) = try make("f\(number)", "content \(number)")
      cache.remember(digest, of: status, read: Self.later)
      all.append((status, digest))
    }
    try cache.save()
    var bytes = try FileBlob(file).bytes()
    switch seed % 3 {
    case 0: bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
    case 1: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
    default: bytes += [UInt8](repeating: 7, count: Int.random(in: 1...200, using: &random))
    }
    try Durable.replace(file, with: bytes)
    for (status, _) in all { #expect(DigestCache(file).digest(of: status) == nil) }
  }
}
