import FoundationEssentials
import OpzHTTPServer
import OpzJSON
import OpzModel
import OpzWire
import Testing

@testable import OpzInference
@testable import OpzServe

/// A contract in front of a model scored here, in every protocol.
@Suite("A contract in every protocol")
struct ContractTests {
  private static let colour = "colour \"é\""

  /// The sample model: `a` is clipped to 0...5, `b` may not be missing and is refused above 100, colours but red are told.
  private static let contract: Contract = {
    var a = Contract.Column("a")
    a.least = .init(0, .clip)
    a.most = .init(5, .clip)
    var b = Contract.Column("b")
    b.most = .init(100, .reject)
    b.missing = .init(false, .reject)
    var hue = Contract.Column(colour)
    hue.categories = .init(["red"], .flag)
    return Contract([a, b, hue])
  }()

  private static func server() -> InferenceServer {
    let model = ServedModel(name: "team/score", version: "3", predictor: ScorePredictor(), contract: contract)
    let server = InferenceServer(model, limits: ServerLimits(), version: "0.0.0", cores: 2)
    server.lifecycle.becomeReady()
    return server
  }

  /// A protocol: how two rows are sent, and the scores and what is said of the contract, read from the answer.
  enum Form: String, CaseIterable {
    case json, binary, raw, grpc, predict, invocations, csv
  }

  private struct Answer {
    var status: Int
    var scores: [Float]
    var contract: String?
    var error: String
  }

  private static let infer = "/v2/models/team/score/infer"

  /// Two rows with `a`, `b` and the same colour; a missing `b` is NaN.
  private func ask(_ form: Form, a: [Float], b: [Float], colour: String, _ server: InferenceServer) async throws
    -> Answer
  {
    func json(_ value: Float) -> String { value.isNaN ? "null" : "\(value)" }
    let quoted = String(decoding: try CanonicalJSON.encode(colour), as: UTF8.self)
    let name = String(decoding: try CanonicalJSON.encode(ContractTests.colour), as: UTF8.self)
    let rows = zip(a, b).map { "{\"a\":\(json($0)),\"b\":\(json($1)),\(name):\(quoted)}" }.joined(separator: ",")
    switch form {
    case .predict, .invocations:
      let path = form == .predict ? "/v1/models/team/score:predict" : "/invocations"
      return try rowsAnswer(await server.ask("POST", path, body: "{\"instances\":[\(rows)]}"))
    case .csv:
      let header = "a,b,\"colour \"\"é\"\"\"\n"
      let lines = zip(a, b).map { "\(json($0)),\(json($1)),\"\(colour)\"\n" }.joined()
      return try rowsAnswer(
        await server.ask("POST", "/invocations", body: header + lines, headers: ["content-type": "text/csv"]))
    case .json:
      let body = """
        {"inputs":[{"name":"a","datatype":"FP32","shape":[2],"data":[\(a.map(json).joined(separator: ","))]},\
        {"name":"b","datatype":"FP32","shape":[2],"data":[\(b.map(json).joined(separator: ","))]},\
        {"name":\(name),"datatype":"BYTES","shape":[2],"data":[\(quoted),\(quoted)]}],"outputs":[{"name":"score"}]}
        """
      return try inferAnswer(await server.ask("POST", ContractTests.infer, body: body))
    case .binary:
      let head = """
        {"inputs":[{"name":"a","datatype":"FP32","shape":[2],"parameters":{"binary_data_size":8}},\
        {"name":"b","datatype":"FP32","shape":[2],"parameters":{"binary_data_size":8}},\
        {"name":\(name),"datatype":"BYTES","shape":[2],"data":[\(quoted),\(quoted)]}],"outputs":[{"name":"score"}]}
        """
      return try inferAnswer(
        await server.ask(
          "POST", ContractTests.infer, bytes: Array(head.utf8) + bytes(a) + bytes(b),
          headers: ["inference-header-content-length": "\(head.utf8.count)"]))
    case .raw, .grpc: return try await call(form, a: a, b: b, colour: colour, server)
    }
  }

  private func bytes(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
  }

  private func call(_ form: Form, a: [Float], b: [Float], colour: String, _ server: InferenceServer) async throws
    -> Answer
  {
    var message = InferMessage()
    let texts = [colour, colour].flatMap { text in
      withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { Array($0) } + Array(text.utf8)
    }
    if form == .raw {
      message.add("a", "FP32", shape: [2], raw: bytes(a))
      message.add("b", "FP32", shape: [2], raw: bytes(b))
      message.add(ContractTests.colour, "BYTES", shape: [2], raw: texts)
    } else {
      message.add("a", "FP32", shape: [2]) { $0.put(6, bytes: bytes(a)) }
      message.add("b", "FP32", shape: [2]) { $0.put(6, bytes: bytes(b)) }
      message.add(ContractTests.colour, "BYTES", shape: [2]) {
        for _ in 0..<2 { $0.put(8, string: colour) }
      }
    }
    message.ask("score")
    let result = await server.call("/inference.GRPCInferenceService/ModelInfer", [message.bytes])
    guard let first = result.messages.first else {
      return Answer(status: result.status == 3 ? 400 : 500, scores: [], contract: nil, error: result.text)
    }
    let reply = try InferReply(first)
    let scores =
      form == .grpc
      ? reply.typed[0]
      : stride(from: 0, to: 8, by: 4).map { place in
        Float(bitPattern: reply.raw[0][place..<place + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
      }
    return Answer(status: 200, scores: scores, contract: try parameter(first), error: "")
  }

  /// The parameter `opz_contract` of a `ModelInferResponse`.
  private func parameter(_ message: [UInt8]) throws -> String? {
    var reader = try WireReader(message)
    while let field = try reader.next() {
      guard field.number == 4 else {
        try reader.skip(field)
        continue
      }
      var (entry, key, text) = (try reader.message(field), "", "")
      while let field = try entry.next() {
        if field.number == 1 {
          key = try entry.string(field)
        } else {
          var value = try entry.message(field)
          while let field = try value.next() { text = try value.string(field) }
        }
      }
      if key == "opz_contract" { return text }
    }
    return nil
  }

  private struct Document: Decodable {
    struct Output: Decodable { let data: [Float] }
    let outputs: [Output]?
    let predictions: [Float]?
    let parameters: [String: String]?
  }

  private func inferAnswer(_ response: Response) throws -> Answer {
    guard response.status == 200 else {
      return Answer(status: response.status, scores: [], contract: nil, error: response.error ?? "")
    }
    let document = try response.decoded(Document.self)
    let contract = document.parameters?["opz_contract"]
    // A header says the same.
    #expect(response["Opz-Contract"] == contract)
    return Answer(status: 200, scores: document.outputs?.first?.data ?? [], contract: contract, error: "")
  }

  private func rowsAnswer(_ response: Response) throws -> Answer {
    guard response.status == 200 else {
      return Answer(status: response.status, scores: [], contract: nil, error: response.error ?? "")
    }
    return Answer(
      status: 200, scores: try response.decoded(Document.self).predictions ?? [], contract: response["Opz-Contract"],
      error: "")
  }

  @Test("what fits is answered as without a contract, and nothing is said", arguments: Form.allCases)
  func fits(form: Form) async throws {
    let answer = try await ask(form, a: [1, 5], b: [2, 100], colour: "red", ContractTests.server())
    #expect(answer.status == 200 && answer.scores == [21, 1005] && answer.contract == nil, "\(answer)")
  }

  @Test("values are clipped or flagged, and the answer says so", arguments: Form.allCases)
  func done(form: Form) async throws {
    let server = ContractTests.server()
    let answer = try await ask(form, a: [-1, 7], b: [2, 2], colour: "green", server)
    #expect(answer.status == 200 && answer.scores == [120, 125], "\(answer)")
    #expect(
      answer.contract
        == #"[{"column":"a","reason":"min","action":"clip","count":1},{"column":"a","reason":"max","action":"clip","count":1},"#
        + #"{"column":"colour \"\u00e9\"","reason":"category","action":"flag","count":2}]"#)
    let metrics = await server.ask("GET", "/metrics").text
    #expect(metrics.contains(#"opz_contract_violations_total{column="a",reason="min",action="clip"} 1"#))
    #expect(
      metrics.contains(
        #"opz_contract_violations_total{column="colour \"é\"",reason="category",action="flag"} 2"#))
  }

  @Test("what is refused is said with column, row and value, and counted", arguments: Form.allCases)
  func refused(form: Form) async throws {
    let server = ContractTests.server()
    let above = try await ask(form, a: [1, 1], b: [1, 101], colour: "red", server)
    #expect(above.status == 400)
    #expect(above.error.contains("column 'b', row 1: 101.0 is more than 100.0"), "\(above)")
    let missing = try await ask(form, a: [1, 1], b: [.nan, .nan], colour: "red", server)
    #expect(missing.status == 400)
    #expect(missing.error.contains("column 'b', row 0: the value is missing (2 values in all)"), "\(missing)")
    let metrics = await server.ask("GET", "/metrics").text
    #expect(metrics.contains(#"opz_contract_violations_total{column="b",reason="max",action="reject"} 1"#))
    #expect(metrics.contains(#"opz_contract_violations_total{column="b",reason="missing",action="reject"} 2"#))
  }

  @Test("a category that the model refuses is counted, with a contract and without")
  func unknownCategory() async throws {
    for server in [ContractTests.server(), InferenceServer.sample()] {
      let response = await server.ask(
        "POST", "/invocations", body: #"{"instances":[{"a":1,"b":1,"colour \"é\"":"pink"}]}"#)
      #expect(response.status == 400)
      let metrics = await server.ask("GET", "/metrics").text
      #expect(metrics.contains(#"{column="colour \"é\"",reason="category",action="reject"} 1"#))
    }
  }

  @Test("an unseen category that becomes a missing value is told from one, as text and as number")
  func unseen() async throws {
    struct Unseen: Predictor {
      let platform = "test"
      let features = [
        FeatureSpec(name: "m", categories: ["1", "x"], unseen: .missing),
        FeatureSpec(name: "c", categories: ["1", "x"], unseen: .code),
      ]
      let outputs = [OutputSpec(name: "row", columns: 2)]
      func predict(_ rows: Rows, outputs: [Int]) throws -> [Tensor.Storage] { [rows.numbers] }
    }
    let model = ServedModel(name: "m", version: "1", predictor: Unseen(), contract: Contract())
    let server = InferenceServer(model, version: "0", cores: 1)
    for value in [#""y""#, "7"] {
      let response = await server.ask("POST", "/invocations", body: #"{"instances":[{"m":\#(value),"c":\#(value)}]}"#)
      #expect(response.text == #"{"predictions":[[null,-1.0]]}"#)
      #expect(
        response["Opz-Contract"]
          == #"[{"column":"m","reason":"category","action":"flag","count":1},{"column":"c","reason":"category","action":"flag","count":1}]"#
      )
    }
    let known = await server.ask("POST", "/invocations", body: #"{"instances":[{"m":null,"c":"x"}]}"#)
    #expect(known.text == #"{"predictions":[[null,1.0]]}"# && known["Opz-Contract"] == nil)
  }

  @Test("the OpenAPI example passes the contract")
  func openAPI() async throws {
    var b = Contract.Column("b")
    b.least = .init(50, .reject)
    b.most = .init(60, .reject)
    let model = ServedModel(
      name: "team/score", version: "3", predictor: ScorePredictor(), contract: Contract([b]))
    let server = InferenceServer(model, version: "0", cores: 1)
    let document = try await server.ask("GET", "/openapi.json").decoded(JSONValue.self)
    let post = document["paths"]?["/invocations"]?["post"]
    let example = try #require(post?["requestBody"]?["content"]?["application/json"]?["example"])
    let response = await server.ask("POST", "/invocations", bytes: try CanonicalJSON.encode(example))
    #expect(response.status == 200 && response["Opz-Contract"] == nil, "\(response.text)")
  }

  @Test("what the answer says has an end, however many columns break the contract")
  func bounded() throws {
    var report = ContractReport()
    for index in 0..<500 { report.add(ContractViolation("column \(index) é", .max, as: .flag), row: 0, "") }
    let text = try #require(report.text)
    #expect(text.utf8.count < 4200 && text.utf8.allSatisfy { (0x20..<0x7f).contains($0) })
    let value = try JSONValue(json: Array(text.utf8))
    #expect(value.array?.last?["more"]?.integer == Int64(500 - (value.array?.count ?? 0) + 1))
  }
}
