import OpzArchive
import OpzIO
public import SystemPackage

extension ModelFixture {
  /// Where `scripts/make-fixtures` writes them.
  public static let directory = PackageRoot.path(#filePath).appending("Tests/OpzFormatsTests/Fixtures/models")

  /// The formats that have fixtures.
  public static let formats =
    (try? Directory.entries(directory).map(\.string).filter { $0.hasSuffix(".jsonl.zst") }.map {
      String($0.dropLast(10))
    }
    .sorted()) ?? []

  /// All fixtures of `Fixtures/models/FORMAT.jsonl.zst`.
  /// - Throws: where the file cannot be read.
  public static func all(of format: String) throws -> [ModelFixture] {
    let blob = try FileBlob(directory.appending("\(format).jsonl.zst"))
    var limits = ArchiveLimits()
    limits.ratio = 10_000
    let source = try DecompressingSource(blob, .zstd, limits: limits, name: format)
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while case let count = try buffer.withUnsafeMutableBytes({ try source.read(into: $0) }), count > 0 {
      text += buffer[..<count]
    }
    return try text.split(separator: 10).map { try ModelFixture(line: Array($0)) }
  }
}
