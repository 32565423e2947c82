import OpzFormats
import OpzIO
import OpzModel
import OpzScoring
import OpzTestKit
import Testing

@Suite("Models that the libraries saved")
struct FixtureTests {
  @Test(
    "every output of every row is what the library computed, scored plainly and compiled",
    arguments: ModelFixture.formats)
  func outputs(format: String) throws {
    let fixtures = try ModelFixture.all(of: format)
    #expect(!fixtures.isEmpty)
    for fixture in fixtures {
      do {
        let model = try ModelFormats.standard.read(fixture.bytes, name: fixture.file).model
        for scorer in [Scorer(model), Scorer.compiled(model)] {
          let differences = try fixture.differences(scorer)
          #expect(
            differences.isEmpty && fixture.refused == nil,
            "\(format) \(fixture.name): \(differences.count) differences, first \(differences.prefix(3))")
        }
      } catch let error as ModelError {
        let expected = fixture.refused ?? "no refusal"
        #expect(error.reason.contains(expected), "\(format) \(fixture.name): \(error.subject): \(error.reason)")
      }
    }
  }
}
