import OpzIO
import OpzTestKit
import Testing

@testable import OpzTrust

@Suite("Mutated model files")
struct ScanMutantTests {
  /// How many of each kind; `scripts/torture-scan` sets ten thousand.
  static let count = ProcessEnvironment.value("OPZ_MUTANTS").flatMap { Int($0) } ?? 12

  /// The files of the corpus by their last suffix, without the largest files.
  static func kinds() throws -> [(kind: String, seeds: [CorpusTests.Entry])] {
    var kinds: [String: [CorpusTests.Entry]] = [:]
    for archive in try CorpusTests.archives() {
      for entry in try CorpusTests.entries(archive) where !entry.bytes.isEmpty && entry.bytes.count <= 1 << 16 {
        let parts = entry.name.split(separator: ".")
        kinds[parts.count > 1 ? String(parts[parts.count - 1]) : "without", default: []].append(entry)
      }
    }
    return kinds.map { ($0.key, $0.value) }.sorted { $0.kind < $1.kind }
  }

  static func mutant(_ seeds: [CorpusTests.Entry], _ random: inout SeededGenerator) -> CorpusTests.Entry {
    let seed = seeds.randomElement(using: &random)!
    var bytes = seed.bytes
    for _ in 0..<Int.random(in: 1...5, using: &random) where !bytes.isEmpty {
      let index = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<8, using: &random) {
      case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
      case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
      case 3: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...9, using: &random)))
      case 4: bytes.removeSubrange(index...)
      case 5:
        // A length or an offset with an extreme value.
        let extreme = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random)! as UInt8
        for place in index..<min(bytes.count, index + [2, 4, 8].randomElement(using: &random)!) {
          bytes[place] = extreme
        }
      case 6:
        let other = seeds.randomElement(using: &random)!.bytes
        bytes = Array(bytes[..<index]) + other.suffix(Int.random(in: 0...other.count, using: &random))
      default:
        let piece = bytes[index..<min(bytes.count, index + 64)]
        for _ in 0..<Int.random(in: 1...20, using: &random) { bytes.insert(contentsOf: piece, at: index) }
      }
    }
    return CorpusTests.Entry(isMalicious: seed.isMalicious, technique: seed.technique, path: seed.path, bytes: bytes)
  }

  @Test("a scan of each kind ends with a verdict, with findings that give a position")
  func verdicts() throws {
    for (number, kind) in try ScanMutantTests.kinds().enumerated() {
      var random = SeededGenerator(seed: UInt64(number) + 1)
      var slowest = (time: Duration.zero, name: "")
      for round in 0..<ScanMutantTests.count {
        let mutant = ScanMutantTests.mutant(kind.seeds, &random)
        let clock = ContinuousClock()
        let time = clock.measure {
          var scanner = FileScanner(ScanReport())
          scanner.scan("models/\(mutant.name)", BytesBlob(mutant.bytes), secrets: true)
          for finding in scanner.report.findings {
            #expect(finding.path.hasPrefix("models/\(mutant.name)") && !finding.text.isEmpty)
          }
        }
        if time > .seconds(2), ScanMutantTests.count > 100 {
          print("\(kind.kind) \(round): \(time), \(Hex.encode(mutant.bytes))")
        }
        if time > slowest.time { slowest = (time, "\(round): \(mutant.technique), \(mutant.bytes.count) bytes") }
      }
      if ScanMutantTests.count > 100 {
        print("\(kind.kind): \(ScanMutantTests.count) mutants of \(kind.seeds.count) files, the slowest \(slowest)")
      }
    }
  }
}
