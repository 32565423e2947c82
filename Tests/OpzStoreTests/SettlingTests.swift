import OpzIO
import OpzOCI
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

/// Blobs that are synced and named together.
@Suite("An OCI layout that settles blobs together")
struct SettlingTests {
  let directory: TemporaryDirectory
  let plain: LayoutStore
  let store: LayoutStore

  init() throws {
    directory = try TemporaryDirectory()
    plain = try LayoutStore.create(directory.path.appending("layout"))
    store = plain.batchingSyncs()
  }

  private func blobs() throws -> [String] { try directory.tree().filter { $0.contains("sha256/") } }

  @Test("a blob is visible to its writer immediately, to others once it is settled, and then it is read-only")
  func settles() async throws {
    let texts = (0..<40).map { Array("blob \($0)".utf8) }
    let descriptors = try texts.map { try store.put($0, .imageConfig) }
    for (text, descriptor) in zip(texts, descriptors) {
      #expect(try store.has(descriptor) && !plain.has(descriptor))
      #expect(try store.content(descriptor) == text)
    }
    #expect(try blobs() == [])
    try store.flush()
    for (text, descriptor) in zip(texts, descriptors) {
      #expect(try await plain.bytes(descriptor) == text)
      #expect(try FileStatus.of(plain.path(of: descriptor.digest)).mode == 0o444)
    }
    #expect(try blobs().count == 40)
    try store.flush()
  }

  @Test("a blob that is never settled leaves nothing")
  func abandoned() throws {
    do {
      let other = plain.batchingSyncs()
      try other.put(Array("a".utf8), .imageConfig)
    }
    #expect(try blobs() == [])
    #expect(try directory.tree().filter { $0.contains(Durable.temporaryPrefix) } == [])
  }

  @Test("a blob that is opened by path, and a large blob, get their names immediately")
  func named() async throws {
    let small = try store.put(Array("small".utf8), .imageConfig)
    #expect(try store.file(small).bytes() == Array("small".utf8))
    #expect(try plain.has(small))
    let large = try store.put([UInt8](repeating: 7, count: 2 << 20), .layerTar)
    #expect(try plain.has(large))
    let other = try store.put(Array("other".utf8), .imageConfig)
    #expect(try await store.bytes(other) == Array("other".utf8))
  }

  @Test("another writer's copy is kept, and a damaged one is replaced")
  func others() async throws {
    let same = try store.put(Array("same".utf8), .imageConfig)
    let damaged = try store.put(Array("damaged".utf8), .imageConfig)
    try plain.put(Array("same".utf8), .imageConfig)
    _ = try Durable.createExclusively(plain.path(of: damaged.digest), with: Array("dama".utf8))
    let inode = try FileStatus.of(plain.path(of: same.digest)).inode
    try store.flush()
    #expect(try FileStatus.of(plain.path(of: same.digest)).inode == inode)
    #expect(try await plain.bytes(damaged) == Array("damaged".utf8))
  }

  @Test("other files get their names with the blobs, and the result says which names were taken")
  func files() throws {
    try store.put(Array("blob".utf8), .imageConfig)
    let (taken, free, replaced) = (
      directory.path.appending("taken"), directory.path.appending("free"), directory.path.appending("replaced")
    )
    for path in [taken, replaced] { try Durable.replace(path, with: [1]) }
    let named = try store.flush(with: [
      PendingFile([2], at: taken, mode: 0o444), PendingFile([2], at: free, mode: 0o440),
      PendingFile(replacing: replaced, with: [2]),
    ])
    #expect(named == [false, true, true])
    #expect(try FileBlob(taken).bytes() == [1])
    #expect(try FileBlob(free).bytes() == [2] && FileStatus.of(free).mode == 0o440)
    #expect(try FileBlob(replaced).bytes() == [2])
    #expect(try directory.tree().filter { $0.contains(Durable.temporaryPrefix) } == [])
    #expect(try blobs().count == 1)
  }

  @Test("if a file cannot get its name, that is an error, and the blobs stay pending")
  func fails() throws {
    let blob = try store.put(Array("blob".utf8), .imageConfig)
    let place = directory.path.appending("place")
    try Durable.makeDirectory(place.appending("inside"))
    #expect(throws: IOFailure.self) { try store.flush(with: [PendingFile(replacing: place, with: [1])]) }
    #expect(try store.has(blob))
    try store.flush()
    #expect(try plain.has(blob))
    #expect(try directory.tree().filter { $0.contains(Durable.temporaryPrefix) } == [])
  }

  @Test("concurrent writers that settle the same blobs all have them", arguments: 0..<4)
  func race(round: Int) async throws {
    let plain = plain
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          try await blocking {
            let store = plain.batchingSyncs()
            for number in 0..<6 { try store.put(Array("\(round) \(number)".utf8), .imageConfig) }
            try store.flush()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try blobs().count == 6)
  }
}
