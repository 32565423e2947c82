import OpzHTTPServer
import OpzIO
import OpzJSON
import OpzTestKit
import Testing

@testable import OpzInference
@testable import OpzServe

/// `scripts/test-peers` has schemathesis ask what the description says.
@Suite("OpenAPI")
struct OpenAPITests {
  private let server = InferenceServer.sample()

  private func document() async throws -> JSONValue {
    let response = await server.ask("GET", "/openapi.json")
    #expect(response.status == 200 && response["content-type"] == "application/json")
    return try JSONValue(json: response.bytes)
  }

  @Test("The description has the model's columns, types and categories")
  func columns() async throws {
    let row = try #require(try await document()["components"]?["schemas"]?["Row"])
    #expect(row["required"]?.textList == ["a", "b", "colour \"é\""])
    #expect(row["properties"]?["a"]?["type"]?.textList == ["number", "null"])
    #expect(row["properties"]?["colour \"é\""]?["enum"]?.array == ["red", "green", "blue\n", .null])
  }

  @Test("Every example works, and every path is a route")
  func examples() async throws {
    let paths = try #require(try await document()["paths"]?.object)
    #expect(paths["/v2/models/team/score/infer"] != nil)
    server.lifecycle.becomeReady()
    for (path, item) in paths {
      for (method, operation) in item.object ?? [:] {
        let example = operation["requestBody"]?["content"]?["application/json"]?["example"]
        let body = try example.map { try CanonicalJSON.encode($0) } ?? []
        let response = await server.ask(method.uppercased(), path, bytes: body)
        #expect(response.status == 200, "\(method) \(path): \(response.text)")
      }
    }
  }

  @Test("Ranges and datatypes of a worker's signature are in it, and a model of unknown inputs has any")
  func signature() throws {
    func row(_ specs: [TensorSpec]) -> JSONValue? {
      let model = ServedModel(name: "m", version: "1", remote: SilentPredictor(inputs: specs))
      return OpenAPIDocument(model: model).value["components"]?["schemas"]?["Row"]
    }
    let known = row([
      TensorSpec("age", .int32, range: 18...99, maybeMissing: false), TensorSpec("u", .uint8), TensorSpec("b", .bool),
      TensorSpec("t", .bytes),
    ])
    #expect(
      known?["properties"]?["age"]?["minimum"] == .integer(18)
        || known?["properties"]?["age"]?["minimum"] == .number(18))
    #expect(known?["properties"]?["age"]?["type"]?.textList == ["integer"])
    #expect(known?["properties"]?["u"]?["maximum"]?.integer == 255)
    #expect(known?["properties"]?["b"]?["type"]?.textList == ["boolean", "null"])
    #expect(known?["example"]?["age"]?.integer == 18)
    #expect(row([])?["additionalProperties"]?.bool == true)
  }

  @Test("A column may have only a least or only a greatest value")
  func oneSided() async throws {
    let specs = [
      TensorSpec("low", .fp64, range: 18...(.infinity)), TensorSpec("high", .fp32, range: -.infinity...(-2.5)),
      TensorSpec("count", .int32, range: 2.5...(.infinity)), TensorSpec("debt", .int8, range: -.infinity...(-1)),
      TensorSpec("any", .fp64, range: -.infinity...(.infinity)), TensorSpec("big", .int64, range: 1e30...(.infinity)),
    ]
    let model = ServedModel(name: "m", version: "1", remote: SilentPredictor(inputs: specs))
    let response = await InferenceServer(model, version: "0", cores: 1).ask("GET", "/openapi.json")
    try #require(response.status == 200)
    let row = try #require(try JSONValue(json: response.bytes)["components"]?["schemas"]?["Row"])
    func limits(_ name: String) -> [Double?] {
      let column = row["properties"]?[name]
      return [column?["minimum"], column?["maximum"], row["example"]?[name]].map { value in
        switch value {
        case .integer(let whole)?: Double(whole)
        case .number(let number)?: number
        default: nil
        }
      }
    }
    #expect(limits("low") == [18, nil, 18] && limits("high") == [nil, -2.5, -2.5])
    #expect(limits("count") == [2.5, Double(Int32.max), 3] && limits("debt") == [-128, -1, -1])
    #expect(limits("any") == [nil, nil, 1] && limits("big")[0] == 1e30)
  }

  @Test("Documents are counted until they are sent, and refused where there is no memory")
  func memory() async throws {
    var response: Response? = await server.ask("GET", "/openapi.json")
    #expect(server.admission.bytes == response?.bytes.count && server.admission.requests == 0)
    response = nil
    #expect(server.admission.bytes == 0)
    let held = server.admission.open()
    try held.add(bytes: server.limits.bodyBudget)
    for path in ["/openapi.json", "/docs"] { #expect(await server.ask("GET", path).status == 503) }
    held.close()
  }

  @Test("The page asks nothing but this server")
  func page() async {
    let response = await server.ask("GET", "/docs")
    #expect(response.status == 200 && response["content-type"] == "text/html; charset=utf-8")
    #expect(response["content-security-policy"]?.hasPrefix("default-src 'none'; connect-src 'self'") == true)
    #expect(!response.text.contains("http") && !response.text.contains("innerHTML"))
  }
}

/// A predictor of which only the metadata is asked.
private struct SilentPredictor: RemotePredictor {
  let platform = "silent"
  let inputs: [TensorSpec]
  let outputs: [TensorSpec] = []
  let isReady = false

  func predict(_ request: RemoteRequest) async throws -> [RawTensor] { [] }
}
