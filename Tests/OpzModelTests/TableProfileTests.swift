import OpzIO
import OpzTestKit
import Testing

@testable import OpzModel

@Suite("The profile of a table")
struct TableProfileTests {
  private func profile(_ text: String, _ inputs: [Model.Input]? = nil) throws -> TableProfile {
    try TableProfile(BytesBlob(Array(text.utf8)).open(at: 0), inputs: inputs)
  }

  private static let inputs = [
    Model.Input(name: "n", kind: .number(.float32)),
    Model.Input(name: "c", kind: .categorical(["1", "b"], unseen: .code)), Model.Input(name: "t", kind: .text),
  ]

  private func fields(_ column: TableProfile.Column) -> [String] {
    [
      column.name, "\(column.missing)", column.least.map { "\($0)" } ?? "-", column.most.map { "\($0)" } ?? "-",
      column.categories?.joined(separator: "|") ?? "-",
    ]
  }

  @Test("ranges, texts and what is missing, of the model's columns alone")
  func columns() throws {
    let text = "label,t,n,c\n1,\"x,\ny\",-2.5,1\n0,NA,1e3,b\n1,é,,1\n0,x,TRUE,null\n"
    let found = try profile("\u{feff}" + text, Self.inputs)
    #expect(found.rows == 4)
    #expect(
      found.columns.map(fields) == [
        ["n", "1", "-2.5", "1000.0", "-"], ["c", "1", "-", "-", "1|b"], ["t", "1", "-", "-", "x|x,\ny|é"],
      ])
  }

  @Test("without a model, a column has numbers if all of its values are")
  func unknown() throws {
    let found = try profile("a,b,c\n1,1,\n2,x,\n")
    #expect(
      found.columns.map(fields) == [
        ["a", "0", "1.0", "2.0", "-"], ["b", "0", "-", "-", "1|x"], ["c", "2", "-", "-", "-"],
      ])
  }

  @Test("a column with more texts than are kept has none, and a long text ends them")
  func many() throws {
    let rows = (0...TableProfile.mostCategories).map { "k\($0)" }
    #expect(try profile("t\n" + rows.joined(separator: "\n")).columns[0].categories == nil)
    #expect(try profile("t\n" + rows.dropFirst().joined(separator: "\n")).columns[0].categories?.count == 1000)
    #expect(try profile("t\n" + String(repeating: "x", count: 1001)).columns[0].categories == nil)
  }

  @Test(
    "what is no table of the model's is refused with line and column",
    arguments: [
      ("", "line 1", "no header"), ("x,y\n1,2\n", "line 1", "none of the model's columns"),
      ("n,n\n1,2\n", "line 1", "twice"), ("n,c,t\n1,b\n", "line 2", "2 fields"),
      ("n,c,t\n1,b,x\n\nyes,b,x\n", "line 4, column n", "'yes' is not a number"),
      ("n,c,t\ninf,b,x\n", "line 2, column n", "not a finite number"),
      ("n,c,t\n1e999,b,x\n", "line 2, column n", "not a finite number"),
      ("PAR1 and more", "input", "Parquet"),
    ])
  func refused(text: String, place: String, reason: String) {
    let error = #expect(throws: ModelError.self) { try profile(text, Self.inputs) }
    #expect(error?.subject == place && error?.reason.contains(reason) == true, "\(String(describing: error))")
  }

  @Test("Arrow's columns of every type are read as their texts would be")
  func arrow() throws {
    let path = PackageRoot.path(#filePath).appending("Tests/OpzModelTests/Fixtures/arrow/types.arrows")
    let found = try TableProfile(FileBlob(path).open(at: 0), inputs: nil)
    #expect(found.rows > 0 && !found.columns.isEmpty)
    for column in found.columns where column.least != nil { #expect(column.categories == nil) }
    #expect(found.columns.contains { $0.categories != nil } && found.columns.contains { $0.least != nil })
  }
}
