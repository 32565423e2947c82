import OpzFormats
import OpzModel
import OpzTestKit
import Testing

@testable import OpzSQL

@Suite("Rows at which a database and a model could part")
struct BoundaryRowsTests {
  /// Two levels over a float32 input and a second one.
  private static func tree(_ first: Double, _ second: Double) throws -> Model {
    var trees = TreeEnsembleBuilder(name: "test", columns: 2, groups: 1, inputs: .float32, sums: .float32)
    try trees.addTree(nodes: 5, group: 0) { index in
      func split(_ column: Int32, _ threshold: Double) -> TreeEnsemble.Node {
        TreeEnsemble.Node(column: column, test: .less, threshold: threshold, missing: .nan, missingGoesLeft: true)
      }
      return switch index {
      case 0: .split(split(0, first), left: 1, right: 2)
      case 2: .split(split(1, second), left: 3, right: 4)
      default: .leaf(number: index, value: Double(index))
      }
    }
    var builder = try ModelBuilder(
      name: "test", inputs: ["a", "b"].map { Model.Input(name: $0, kind: .number(.float32)) })
    let sum = try builder.add(.trees(try trees.finish()), [try builder.add(.inputs([0, 1]))])
    try builder.addOutput(.margin, sum)
    builder.objective = "test"
    return try builder.finish()
  }

  @Test("each split has a row at its threshold, one float beside it, and where rounding turns, that leads to it")
  func splits() throws {
    let rows = BoundaryRows(try Self.tree(3, 0.1))
    #expect(rows.splits == 2 && rows.reached == 2 && rows.inputs == [0, 1])
    func has(_ matches: ([Double?]) -> Bool) -> Bool {
      rows.rows.contains { row in
        matches(row.map { cell in if case .number(let number)? = cell { number } else { nil } })
      }
    }
    let (first, second) = (Float(3), Float(0.1))
    for number in [first, first.nextDown, first.nextUp].map(Double.init) { #expect(has { $0[0] == number }) }
    for number in [second, second.nextDown, second.nextUp].map(Double.init) {
      #expect(has { $0[1] == number && ($0[0] ?? 0) >= 3 }, "the second split is behind a >= 3")
    }
    let middle = (Double(second) + Double(second.nextDown)) / 2
    for number in [middle.nextDown, middle, middle.nextUp] { #expect(has { $0[1] == number && ($0[0] ?? 0) >= 3 }) }
    #expect(has { $0[1] == nil && ($0[0] ?? 0) >= 3 } && has { $0 == [nil, nil] } && has { $0[0]?.isNaN == true })
  }

  @Test("models of the libraries: splits on inputs themselves are all reached, whatever leads to them")
  func fixtures() throws {
    var (splits, reached) = (0, 0)
    for fixture in try ModelFixture.all(of: "xgboost") + ModelFixture.all(of: "lightgbm-text")
    where fixture.refused == nil {
      let model = try ModelFormats.standard.read(fixture.bytes, name: fixture.file).model
      let rows = BoundaryRows(model)
      splits += rows.splits
      reached += rows.reached
      #expect(rows.rows.allSatisfy { $0.count == rows.inputs.count })
    }
    #expect(splits > 500 && Double(reached) >= 0.99 * Double(splits), "\(reached) of \(splits)")
  }

  @Test("the rows of many splits keep to the limit")
  func limit() throws {
    for fixture in try ModelFixture.all(of: "xgboost").prefix(5) where fixture.refused == nil {
      let model = try ModelFormats.standard.read(fixture.bytes, name: fixture.file).model
      let rows = BoundaryRows(model, limit: 100)
      #expect(rows.rows.count < 100 + 600 + 10 * model.inputs.count && rows.reached <= rows.splits)
    }
  }

  @Test("what is promised is what is compared")
  func comparison() throws {
    let model = try Self.tree(3, 0.1)
    var exact = ScoreComparison(.margin, model, dialect: .postgresql)
    #expect(exact.promise == .exact && ScoreComparison(.leaf, model, dialect: .sqlite).promise == .exact)
    exact.compare(["0.1"], with: [Double(Float(0.1))], row: 1)
    exact.compare([nil], with: [.nan], row: 2)
    exact.compare(["0.1"], with: [Double(Float(0.1).nextUp)], row: 3)
    exact.compare(["1"], with: nil, row: 4)
    exact.compare([nil], with: nil, row: 5)
    #expect(exact.rows == 5 && exact.values == 5 && exact.equal == 3 && exact.differing == 2)
    #expect(exact.examples.map(\.row) == [3, 4] && exact.largestDifference == Double(Float(0.1).ulp))
    var near = ScoreComparison(.margin, model, dialect: .sqlite)
    #expect(near.promise == .within(1e-5))
    near.compare(["100.0005"], with: [100], row: 1)
    near.compare(["100.01"], with: [100], row: 2)
    #expect(near.equal == 0 && near.differing == 1)
    var texts = ScoreComparison(.label, model, dialect: .sqlite)
    texts.compare(["e\u{301}"], withTexts: ["\u{e9}"], row: 1)
    texts.compare(["a"], withTexts: ["a"], row: 2)
    #expect(texts.differing == 1 && texts.equal == 1)
  }
}
