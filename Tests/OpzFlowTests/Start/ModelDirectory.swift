import OpzArchive
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

/// A directory with a model that a real library saved, from one of the archives of the tests.
struct ModelDirectory: Sendable, CustomTestStringConvertible {
  /// The archive, and the directory or file in it.
  let archive: String
  let member: String

  /// Of `scripts/make-start-fixtures`.
  static func start(_ member: String) -> ModelDirectory {
    ModelDirectory(archive: "Tests/OpzFlowTests/Fixtures/start.tar.zst", member: member)
  }

  /// Of `scripts/make-corpus`.
  static func corpus(_ name: String, _ member: String) -> ModelDirectory {
    ModelDirectory(archive: "Tests/OpzTrustTests/Fixtures/Corpus/\(name).tar.zst", member: member)
  }

  /// Of `scripts/make-header-fixtures`.
  static func headers(_ member: String) -> ModelDirectory {
    ModelDirectory(archive: "Tests/OpzFormatsTests/Fixtures/headers.tar.zst", member: member)
  }

  var testDescription: String { member }

  /// Writes the files into a directory.
  func write(to directory: FilePath) throws {
    let file = PackageRoot.path(#filePath).pushing(FilePath(archive))
    let reader = try TarReader(StoredLayer(try FileBlob(file), .zstd, name: archive))
    try Durable.makeDirectory(directory)
    var count = 0
    while let header = try reader.next() {
      var bytes: [UInt8] = []
      try reader.forEachChunk { bytes.append(contentsOf: $0) }
      guard case .file = header.kind else { continue }
      let path = header.path.string
      let relative: String
      if path == member {
        relative = header.path.lastComponent?.string ?? member
      } else if path.hasPrefix(member + "/") {
        relative = String(path.dropFirst(member.count + 1))
      } else {
        continue
      }
      let place = directory.pushing(FilePath(relative))
      try Durable.makeDirectory(place.removingLastComponent())
      try Durable.replace(place, with: bytes)
      count += 1
    }
    guard count > 0 else { throw MissingProgram("\(member) in \(archive)") }
  }
}
