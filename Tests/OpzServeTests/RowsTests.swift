import OpzHTTPServer
import OpzModel
import Synchronization
import Testing

@testable import OpzInference
@testable import OpzServe

/// KServe's v1 protocol and MLflow's scoring server.
@Suite("Rows of named cells")
struct RowsTests {
  private let server = InferenceServer.sample()

  private static let json: [String] = [
    #"{"instances":[{"a":1,"b":2,"colour \"é\"":"red"},{"colour \"é\"":"blue\n","a":true,"b":null}]}"#,
    #"{"instances":[[1,2,"red"],[1,null,"blue\n"]]}"#, #"{"inputs":[[1,2.0,"red"],[1e0,NaN,"blue\n"]]}"#,
    #"{"inputs":{"a":[1,1],"colour \"é\"":["red","blue\n"],"b":[2,null]}}"#,
    #"{"dataframe_records":[{"a":1,"b":2,"colour \"é\"":"red"},{"a":1,"colour \"é\"":"blue\n"}],"params":{}}"#,
    #"{"dataframe_split":{"data":[[2,"red",1],[null,"blue\n",1]],"index":[5,6],"columns":["b","colour \"é\"","a"]}}"#,
  ]

  @Test("Every form of JSON gives the same predictions", arguments: json)
  func forms(body: String) async {
    for path in ["/invocations", "/v1/models/team/score:predict"] {
      let response = await server.ask("POST", path, body: body)
      #expect(response.text == #"{"predictions":[21.0,10201.0]}"#, "\(response.text)")
    }
  }

  @Test("CSV has a header; what pandas takes for missing is missing")
  func csv() async {
    let table = "b,\"colour \"\"é\"\"\",a\r\n2,red,1\n\"NaN\",\"blue\n\",1\n"
    let response = await server.ask(
      "POST", "/invocations", body: table, headers: ["Content-Type": "text/csv; charset=utf-8"])
    #expect(response.text == #"{"predictions":[21.0,10201.0]}"#, "\(response.text)")
  }

  @Test(
    "What is wrong with a request is said",
    arguments: [
      ("", "empty"), ("[1]", "expected an object"), ("{}", "none of dataframe_records, dataframe_split"),
      (#"{"instances":[]}"#, "no rows"), (#"{"instances":[[1,2]]}"#, "row 0 has 2 values instead of 3"),
      (#"{"instances":[[1,2,"red",4]]}"#, "more than 3 values"),
      (#"{"instances":[{"x":1}]}"#, "no column 'x'"), (#"{"instances":[{"a":1,"a":2}]}"#, "duplicate key"),
      (#"{"instances":[{"a":1}]}"#, "missing inputs: b"), (#"{"instances":[[1,"2","red"]]}"#, "a text"),
      (#"{"instances":[{"a":[1,2],"b":1,"colour \"é\"":"red"}]}"#, "two values in row 0"),
      (#"{"instances":[{"a":[[1]]}]}"#, "a value of a row is a list"),
      (#"{"inputs":{"a":[1],"b":[1,2],"colour \"é\"":["red"]}}"#, "rows"),
      (#"{"instances":[[1,2,"red"]],"inputs":[]}"#, "more than one of"),
      (#"{"instances":[[1,2,"red"]],"params":{"t":1}}"#, "takes no parameters"),
      (#"{"instances":[1,1]}"#, "row 0 has 1 value instead of 3"),
      (#"{"instances":[{"a":1,"b":1,"colour \"é\"":"red"},[1,2,"red"]]}"#, "not of the form of the rows before"),
      (#"{"dataframe_split":{"data":[[1]]}}"#, "needs 'columns'"),
      (
        #"{"dataframe_split":{"columns":[\#(Array(repeating: #""""#, count: 1001).joined(separator: ","))]}}"#,
        "too many columns"
      ),
      (#"{"dataframe_split":{"columns":["a","a"],"data":[]}}"#, "a name twice"),
    ])
  func wrong(body: String, part: String) async {
    let response = await server.ask("POST", "/invocations", body: body)
    #expect(response.status == 400 && response.error?.contains(part) == true, "\(response.text)")
  }

  @Test(
    "What is wrong with a table is said",
    arguments: [
      ("", "empty"), ("a,b\n1\n", "line 2: 1 fields"), ("a,a\n1,2\n", "a column twice"), ("x\n1\n", "no column 'x'"),
      ("a\n\"1\n", "not valid CSV"), (String(repeating: ",", count: 1001), "more than 1000 fields"),
      ("a\n" + String(repeating: ",", count: 1001), "more than 1000 fields"),
      ("a,b,\"colour \"\"é\"\"\"\nx,1,red\n", "a text"),
    ])
  func wrongTable(body: String, part: String) async {
    let response = await server.ask("POST", "/invocations", body: body, headers: ["Content-Type": "text/csv"])
    #expect(response.status == 400 && response.error?.contains(part) == true, "\(response.text)")
  }

  /// A row of everything and so many of nothing.
  private static func sparse(_ rows: Int) -> [UInt8] {
    let nothing = String(repeating: ",{}", count: rows)
    return Array(#"{"instances":[{"a":1,"b":2,"colour \"é\"":"red"}\#(nothing)]}"#.utf8)
  }

  @Test("Rows that leave cells out are estimated by their cells, and not by their bytes", arguments: [0, 10, 18_000])
  func sparse(rows: Int) async throws {
    let body = RowsTests.sparse(rows)
    let (model, limits) = (ServedModel.sample, server.limits)
    let size = BodySize(of: body, RowsDialect(.json))
    #expect(try #require(size.sparseRows) > rows)
    #expect(body.count < Exchange.shortBytes && model.isShort(size, limits) == (rows < 11))
    // Cells of four bytes in a column and in the matrix.
    #expect(model.memory(size, limits) >= 8 * 3 * rows)
    let response = await server.ask("POST", "/invocations", bytes: body)
    #expect(response.status == 200)
    #expect(model.response(BodySize(body.count, RowsDialect(.json)), limits) >= response.bytes.count)
  }

  @Test("What the answer does not have is not computed, and whole numbers are written as such")
  func wholeNumbers() async throws {
    let predictor = WholePredictor()
    let server = InferenceServer(ServedModel(name: "m", version: "1", predictor: predictor), version: "0", cores: 1)
    let response = await server.ask("POST", "/v1/models/m:predict", body: #"{"instances":[{"a":3},{"a":-4}]}"#)
    #expect(response.text == #"{"predictions":[[3,6],[-4,-8]]}"#)
    #expect(predictor.asked.withLock { $0 } == [[0]])
  }
}

/// Answers whole numbers, two a row, and has another output.
private final class WholePredictor: Predictor {
  let platform = "test_whole"
  let features = [FeatureSpec(name: "a", element: .integer)]
  let outputs = [OutputSpec(name: "twice", columns: 2, element: .integer), OutputSpec(name: "other")]
  let asked = Mutex<[[Int]]>([])

  func predict(_ rows: Rows, outputs: [Int]) throws -> [Tensor.Storage] {
    asked.withLock { $0.append(outputs) }
    guard case .float64(let values) = rows.numbers else { return [] }
    return outputs.map { $0 == 0 ? .float64(values.flatMap { [$0, 2 * $0] }) : .float32(values.map { Float($0) }) }
  }
}
