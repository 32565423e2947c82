import OpzIO
import OpzTestKit
import Testing

@testable import OpzTrust

@Suite("Damaged models of the corpus")
struct FormatMutationTests {
  static let suffixes = [
    "keras", "h5", "pb", "pbtxt", "onnx", "gguf", "json", "yaml", "safetensors", "rds", "RData", "skops", "pmml", "bin",
  ]

  @Test("each scan ends with a verdict and not with a trap", arguments: suffixes)
  func mutants(_ suffix: String) throws {
    var random = SeededGenerator(seed: UInt64(suffix.utf8.reduce(0) { Int($0) * 31 + Int($1) }))
    let seeds = try ["malicious_formats", "benign_formats", "benign_r"].flatMap { try CorpusTests.entries($0) }
      .filter { $0.name.hasSuffix(".\(suffix)") && $0.bytes.count < 1 << 16 }
    try #require(!seeds.isEmpty)
    for _ in 0..<300 {
      guard let seed = seeds.randomElement(using: &random) else { return }
      let report = FormatScan.report(seed.name, FormatMutationTests.mutant(of: seed.bytes, &random))
      #expect(report.files == 1)
    }
  }

  /// One to six changes: bytes, bits, runs of extreme numbers, duplicate pieces, truncation.
  static func mutant(of bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
      let index = Int.random(in: 0..<bytes.count, using: &random)
      let end = min(bytes.count, index + Int.random(in: 1...64, using: &random))
      switch Int.random(in: 0..<7, using: &random) {
      case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
      case 2: bytes.remove(at: index)
      case 3: bytes.removeLast(min(bytes.count, Int.random(in: 0..<8, using: &random)))
      case 4:
        let extreme = ([0, 0xFF, 0x7F, 0x80] as [UInt8]).randomElement(using: &random) ?? 0
        for place in index..<min(end, index + 8) { bytes[place] = extreme }
      case 5: bytes.insert(contentsOf: Array(bytes[index..<end]), at: Int.random(in: 0...bytes.count, using: &random))
      default: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
    }
    return bytes
  }
}
