import OpzArchive
import OpzIO
import OpzTestKit
import Testing

@testable import OpzTrust

@Suite("Mutated model files")
struct ScanMutantTests {
  /// How many of each kind; `scripts/torture-scan` sets ten thousand.
  static let count = ProcessEnvironment.value("OPZ_MUTANTS").flatMap { Int($0) } ?? 12

  /// Files that are mutated with each other.
  struct Kind {
    let name: String
    let seeds: [Seed]
  }

  /// A file, and what it holds, which may be mutated in its place: no mutant of a packed file's bytes gets past its checksum.
  struct Seed {
    let name: String
    let technique: String
    var bytes: [UInt8]
    /// Of a zip file.
    var members: [(path: [UInt8], bytes: [UInt8])] = []
  }

  /// The corpus's files by their last suffix, without the largest; then what the packed ones hold.
  static func kinds() throws -> [Kind] {
    var kinds: [String: [Seed]] = [:]
    for archive in try CorpusTests.archives() {
      for entry in try CorpusTests.entries(archive) where !entry.bytes.isEmpty && entry.bytes.count <= 1 << 16 {
        let parts = entry.name.split(separator: ".")
        let kind = parts.count > 1 ? String(parts[parts.count - 1]) : "without"
        let seed = Seed(name: entry.name, technique: entry.technique, bytes: entry.bytes)
        kinds[kind, default: []].append(seed)
        if let unpacked = try unpacked(seed) { kinds["\(kind), unpacked", default: []].append(unpacked) }
      }
    }
    return kinds.map { Kind(name: $0.key, seeds: $0.value) }.sorted { $0.name < $1.name }
  }

  /// A zip file with its members, or what a compressed file holds; nil for one that is neither, or is broken.
  private static func unpacked(_ seed: Seed) throws -> Seed? {
    var unpacked = seed
    let blob = BytesBlob(seed.bytes)
    if ZipScanner.hasSignature(seed.bytes), let zip = try? ZipArchive(blob, name: seed.name) {
      for entry in zip.entries where !entry.isDirectory && entry.size < 1 << 18 {
        guard let bytes = try? zip.content(entry).bytes() else { return nil }
        unpacked.members.append((entry.path, bytes))
      }
      return unpacked.members.isEmpty ? nil : unpacked
    }
    guard let candidate = StreamFormat.candidates(Array(seed.bytes.prefix(4096))).first,
      let source = try? UnpackingSource(blob, candidate, name: seed.name)
    else { return nil }
    let outcome = try SpooledBlob.spool(source, limit: 1 << 18)
    guard outcome.problem == nil else { return nil }
    unpacked.bytes = try outcome.blob.bytes()
    return unpacked.bytes.isEmpty ? nil : unpacked
  }

  static func mutant(_ seeds: [Seed], _ random: inout SeededGenerator) -> Seed {
    var seed = seeds.randomElement(using: &random)!
    let others = seeds.randomElement(using: &random)!
    guard !seed.members.isEmpty else {
      seed.bytes = changed(seed.bytes, others.bytes, random: &random)
      return seed
    }
    let index = Int.random(in: seed.members.indices, using: &random)
    let other = others.members.randomElement(using: &random)?.bytes ?? []
    seed.members[index].bytes = changed(seed.members[index].bytes, other, random: &random)
    seed.bytes = RawZip(seed.members.map { RawZip.Member($0.path, $0.bytes, mode: 0o100644) }).bytes
    return seed
  }

  /// One to five changes.
  private static func changed(_ old: [UInt8], _ other: [UInt8], random: inout SeededGenerator) -> [UInt8] {
    var bytes = old
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
      case 6: bytes = Array(bytes[..<index]) + other.suffix(Int.random(in: 0...other.count, using: &random))
      default:
        let piece = bytes[index..<min(bytes.count, index + 64)]
        for _ in 0..<Int.random(in: 1...20, using: &random) { bytes.insert(contentsOf: piece, at: index) }
      }
    }
    return bytes
  }

  @Test("a scan of each kind ends with a verdict, with findings that give a position")
  func verdicts() throws {
    for (number, kind) in try ScanMutantTests.kinds().enumerated() {
      var random = SeededGenerator(seed: UInt64(number) + 1)
      var slowest = (time: Duration.zero, name: "")
      for round in 0..<ScanMutantTests.count {
        let mutant = ScanMutantTests.mutant(kind.seeds, &random)
        let time = ContinuousClock().measure { expectVerdict(mutant) }
        if time > .seconds(2), ScanMutantTests.count > 100 {
          print("\(kind.name) \(round): \(time), \(Hex.encode(mutant.bytes))")
        }
        if time > slowest.time { slowest = (time, "\(round): \(mutant.technique), \(mutant.bytes.count) bytes") }
      }
      if ScanMutantTests.count > 100 {
        print("\(kind.name): \(ScanMutantTests.count) mutants of \(kind.seeds.count) files, the slowest \(slowest)")
      }
    }
  }

  private func expectVerdict(_ mutant: Seed) {
    var scanner = FileScanner(ScanReport())
    scanner.scan("models/\(mutant.name)", BytesBlob(mutant.bytes), secrets: true)
    #expect(scanner.report.files == 1)
    for finding in scanner.report.findings {
      #expect(finding.path.hasPrefix("models/\(mutant.name)") && !finding.text.isEmpty)
    }
  }
}
