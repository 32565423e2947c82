import OpzJSON
import OpzModel
import Testing

@testable import OpzFlow

@Suite("Values that opz test compares")
struct TestValueTests {
  private func failures(_ found: TestValue, _ cell: String, element: ElementType) throws -> [String] {
    var check = TestReport.Check(name: "expected.csv")
    check.compare(found, try #require(TestValue(cell: cell, as: element)), at: "row 1, label")
    #expect(check.values == 1)
    return check.failures
  }

  @Test("labels are compared as texts: a name, a number that is written in another way, nothing")
  func labels() throws {
    #expect(try failures(.text("churned"), "churned", element: .text).isEmpty)
    #expect(
      try failures(.text("churned"), "stays", element: .text) == [
        "row 1, label: \"churned\" where \"stays\" was expected"
      ])
    #expect(try !failures(.text("1"), "1.0", element: .text).isEmpty)
    #expect(try failures(.text(nil), "", element: .text).isEmpty && !failures(.text("a"), "", element: .text).isEmpty)
  }

  @Test("integers are compared exactly, beyond what float32 holds and as pandas writes them")
  func integers() throws {
    #expect(try failures(.integer(16_777_217), "16777217", element: .integer).isEmpty)
    #expect(try !failures(.integer(16_777_217), "16777216", element: .integer).isEmpty)
    #expect(
      try failures(.integer(2), "2.0", element: .integer).isEmpty
        && failures(.integer(nil), "", element: .integer).isEmpty)
    #expect(TestValue(cell: "2.5", as: .integer) == nil && TestValue(cell: "yes", as: .integer) == nil)
  }

  @Test("truth values as pandas, R, JSON and SQL write them; what is none is sent as it is, for the server to refuse")
  func truths() {
    for cell in ["True", "TRUE", "true", "1"] {
      #expect(TestValue(cell: cell, as: .integer)?.description == "1" && TestValue.truth(cell) == true)
      #expect(TestColumn(name: "a", datatype: "BOOL").value(cell) == .bool(true))
    }
    for cell in ["False", "FALSE", "false", "0"] {
      #expect(TestValue(cell: cell, as: .integer)?.description == "0" && TestValue.truth(cell) == false)
      #expect(TestColumn(name: "a", datatype: "BOOL").value(cell) == .bool(false))
    }
    #expect(TestColumn(name: "a", datatype: "BOOL").value("yes") == .string("yes"))
    #expect(TestColumn(name: "a", datatype: "BOOL").value(nil) == .null)
  }

  @Test("numbers are compared in their own type, and may differ by a millionth")
  func numbers() throws {
    var check = TestReport.Check(name: "expected.csv")
    check.compare(.float64(0.1), .float64(0.1.nextUp), at: "")
    check.compare(.float64(0.1), .float64(0.1), at: "")
    check.compare(.float32(.nan), .float32(.nan), at: "")
    #expect(check.failures.isEmpty && check.identical == 2 && check.largestDifference == 0.1.nextUp - 0.1)
    #expect(try !failures(.float64(1), "1.00001", element: .float64).isEmpty)
    #expect(
      try !failures(.float32(1), "", element: .float32).isEmpty
        && !failures(.float32(.infinity), "1", element: .float32).isEmpty)
    #expect(TestValue(cell: "churned", as: .float32) == nil)
  }

  @Test("a response's values are of the output's type")
  func responses() {
    func value(_ json: JSONValue, _ datatype: String) -> String? {
      TestValue(json: json, as: TestValue.element(of: datatype))?.description
    }
    #expect(value(.string("a"), "BYTES") == "\"a\"" && value(.null, "BYTES") == "nothing")
    #expect(value(.integer(3), "INT64") == "3" && value(.number(0.5), "INT64") == nil)
    #expect(value(.integer(3), "FP32") == "3.0" && value(.string("a"), "FP64") == nil)
  }
}
