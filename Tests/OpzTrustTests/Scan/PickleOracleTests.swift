import OpzIO
import OpzTestKit
import Testing

@testable import OpzTrust

@Suite("Pickles, compared with Python's own unpicklers")
struct PickleOracleTests {
  /// Short pickles of the corpus that depend on no other file.
  static func seeds() throws -> [[UInt8]] {
    try CorpusTests.entries("malicious_pickles").map(\.bytes).filter { $0.count < 300 }
  }

  static func mutant(_ seeds: [[UInt8]], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = seeds.randomElement(using: &random)!
    let opcodes = Array("().012FGIJKLMNPQRSTUVXabcdeghijloprstu]}\u{1}\n".utf8) + (0x80...0x98).map { UInt8($0) }
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let index = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[index] = opcodes.randomElement(using: &random)!
      case 1: bytes.insert(opcodes.randomElement(using: &random)!, at: index)
      case 2: bytes.remove(at: index)
      case 3: bytes.insert(contentsOf: seeds.randomElement(using: &random)!.prefix(40), at: index)
      default: bytes[index] = UInt8.random(in: 0...255, using: &random)
      }
    }
    return bytes
  }

  @Test(
    "what an unpickler would call is found, with and without a pickle's file name", arguments: [1, 2, 3] as [UInt64])
  func called(_ seed: UInt64) throws {
    let seeds = try PickleOracleTests.seeds()
    var random = SeededGenerator(seed: seed)
    let mutants = seeds + (0..<max(400, ScanMutantTests.count)).map { _ in PickleOracleTests.mutant(seeds, &random) }
    let answers = try PickleNamesTests.oracle("unpickle", [], lines: mutants)
    let allowlist = PickleAllowlist()
    var called = 0
    for (bytes, answer) in zip(mutants, answers) {
      let names = answer.split(separator: " ").map { word -> (isCall: Bool, global: PickleGlobal) in
        let path = word.dropFirst().dropLast().drop { $0 != ":" }.dropFirst()
        let dot = path.lastIndex(of: ".") ?? path.startIndex
        return (
          word.dropFirst().hasPrefix("called"),
          PickleGlobal(module: String(path[..<dot]), name: String(path[dot...].dropFirst()))
        )
      }
      // A missing module ends the load, and getattr does nothing before it is called.
      let bad = names.filter {
        !allowlist.allows($0.global) && PythonModules.isKnown($0.global.module) && ($0.isCall || !$0.global.isGetattr)
      }
      guard !bad.isEmpty else { continue }
      #expect(!PickleTests.scan("model.pkl", bytes).isClean, "\(Hex.encode(bytes)): \(answer)")
      // Without a file name or a pickle header: only what is called.
      guard bad.contains(where: \.isCall) else { continue }
      called += 1
      #expect(!PickleTests.scan("model.bin", bytes).isClean, "\(Hex.encode(bytes)): \(answer)")
    }
    #expect(called > 200)
  }
}
