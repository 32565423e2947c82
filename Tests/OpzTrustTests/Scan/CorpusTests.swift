import OpzArchive
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzTrust

@Suite("The corpus: malicious and benign model files")
struct CorpusTests {
  struct Entry: Sendable {
    let isMalicious: Bool
    let technique: String
    let path: String
    let bytes: [UInt8]

    var name: String { String(path.split(separator: "/").last ?? "") }
  }

  static let directory = PackageRoot.path(#filePath).appending("Tests/OpzTrustTests/Fixtures/Corpus")

  /// The archives that `scripts/make-corpus` wrote, without their suffixes.
  static func archives() throws -> [String] {
    try Directory.entries(directory).map(\.string).filter { $0.hasSuffix(".tar.zst") }.map { String($0.dropLast(8)) }
  }

  /// The files in an archive, as listed in its index.tsv.
  static func entries(_ archive: String) throws -> [Entry] {
    let layer = StoredLayer(try FileBlob(directory.appending("\(archive).tar.zst")), .zstd, name: archive)
    var files: [String: [UInt8]] = [:]
    let reader = try TarReader(layer)
    while let header = try reader.next() {
      var bytes: [UInt8] = []
      try reader.forEachChunk { bytes.append(contentsOf: $0) }
      files[header.path.string] = bytes
    }
    let index = String(decoding: try #require(files["index.tsv"]), as: UTF8.self)
    return try index.split(separator: "\n").map { line in
      let parts = line.split(separator: "\t").map(String.init)
      return Entry(
        isMalicious: parts[0] == "malicious", technique: parts[1], path: parts[2],
        bytes: try #require(files[parts[2]]))
    }
  }

  @Test("no malicious file passes, and at most one in a hundred benign files does not")
  func verdicts() throws {
    var counts = (malicious: 0, missed: 0, benign: 0, false: 0)
    for archive in try CorpusTests.archives() {
      for entry in try CorpusTests.entries(archive) {
        var scanner = FileScanner(ScanReport())
        scanner.scan("models/\(entry.name)", BytesBlob(entry.bytes), secrets: false)
        let isClean = scanner.report.isClean
        if entry.isMalicious {
          counts.malicious += 1
          #expect(!isClean, "\(archive)/\(entry.path): \(entry.technique)")
        } else {
          counts.benign += 1
          if !isClean {
            counts.false += 1
            print("\(archive)/\(entry.path): \(entry.technique): \(scanner.report.findings.map(\.text))")
          }
        }
      }
    }
    print("\(counts.malicious) malicious files, \(counts.benign) benign ones, \(counts.false) false alarms")
    #expect(counts.malicious >= 350 && counts.benign >= 300)
    #expect(counts.false * 100 <= counts.benign)
  }
}
