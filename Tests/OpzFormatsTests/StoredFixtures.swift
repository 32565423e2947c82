import OpzIO
import OpzTestKit
import SystemPackage

@testable import OpzArchive

extension ModelFixture {
  static let directory = PackageRoot.path(#filePath).appending("Tests/OpzFormatsTests/Fixtures/models")

  /// All fixtures of `Fixtures/models/FORMAT.jsonl.zst`, made by `scripts/make-fixtures`.
  static func all(of format: String) throws -> [ModelFixture] {
    let blob = try FileBlob(directory.appending("\(format).jsonl.zst"))
    var limits = ArchiveLimits()
    limits.ratio = 10_000
    let source = try DecompressingSource(blob, .zstd, limits, name: format)
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while case let count = try buffer.withUnsafeMutableBytes({ try source.read(into: $0) }), count > 0 {
      text += buffer[..<count]
    }
    return try text.split(separator: 10).map { try ModelFixture(line: Array($0)) }
  }
}
