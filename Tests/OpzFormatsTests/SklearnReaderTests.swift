import OpzFormats
import OpzIO
import OpzModel
import OpzTestKit
import Testing

@testable import OpzFormats

@Suite("scikit-learn's models in skops files")
struct SklearnReaderTests {
  /// Small files: changing one byte of a large one is rarely seen.
  static let fixtures = (try? ModelFixture.all(of: "scikit-learn").filter { $0.bytes.count < 40_000 }) ?? []

  @Test("a changed file is an error or a model that scores, never a trap", arguments: 0..<10)
  func mutated(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      guard let fixture = SklearnReaderTests.fixtures.randomElement(using: &random) else { continue }
      var members = try StoredZip.members(of: fixture.bytes)
      for _ in 0...Int.random(in: 0..<3, using: &random) {
        let index = Bool.random(using: &random) ? members.count - 1 : Int.random(in: 0..<members.count, using: &random)
        guard !members[index].content.isEmpty else { continue }
        mutate(&members[index].content, &random)
      }
      let model = try? ModelFormats.standard.read(StoredZip.archive(members), name: "model.skops").model
      if let model, model.inputs.count <= 64 {
        let differences = try fixture.differences(Scorer(model))
        #expect(differences.count >= 0)
      }
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    let place = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
    case 1: bytes[place] = "0123456789-[]{},:\"eE.".utf8.randomElement(using: &random)!
    case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1..<9, using: &random)))
    default:
      bytes.insert(contentsOf: Array("99999999999".utf8.prefix(Int.random(in: 1..<11, using: &random))), at: place)
    }
  }

  @Test("changed bytes of the archive itself are an error, never a trap", arguments: 0..<4)
  func mutatedArchive(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed + 100)
    for _ in 0..<60 {
      guard var bytes = SklearnReaderTests.fixtures.randomElement(using: &random)?.bytes else { continue }
      // The directory and the end record decide most.
      let tail = max(0, bytes.count - Int.random(in: 1..<3000, using: &random))
      var part = Array(bytes[tail...])
      mutate(&part, &random)
      bytes.replaceSubrange(tail..., with: part)
      _ = try? ModelFormats.standard.read(bytes, name: "model.skops")
    }
  }
}
