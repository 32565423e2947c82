import OpzTestKit
import Testing

@testable import OpzInference
@testable import OpzServe

@Suite("Inference")
struct InferenceTests {
  private let server = InferenceServer.sample()
  private let path = "/v2/models/team/score/infer"

  private func infer(_ body: String) async throws -> InferenceDocument {
    let response = await server.ask("POST", path, body: body)
    #expect(response.status == 200, "\(response.text)")
    return try response.decoded(InferenceDocument.self)
  }

  @Test("The response, byte for byte")
  func golden() async {
    let body = """
      {"id":"r-1","inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[1,2,0,0.5,null,2]}]}
      """
    let response = await server.ask("POST", path, body: body)
    #expect(
      response.text == """
        {"model_name":"team/score","model_version":"3","id":"r-1","outputs":[\
        {"name":"score","datatype":"FP32","shape":[2],"data":[21.0,10200.5]},\
        {"name":"row","datatype":"FP32","shape":[2,3],"data":[1.0,2.0,0.0,0.5,null,2.0]}]}
        """)
  }

  @Test(
    "A matrix may be nested or flat, of any number type, its keys in any order",
    arguments: [
      #"{"inputs":[{"name":"x","shape":[2,3],"datatype":"FP64","data":[[1,2,0],[3,4,1]]}]}"#,
      #"{"inputs":[{"data":[[1,2,0],[3,4,1]],"datatype":"FP32","shape":[2,3],"name":"x"}]}"#,
      #"{"inputs":[{"data":[1,2,0,3,4,1],"name":"x","parameters":{"a":[{}]},"shape":[2,3],"datatype":"INT64"}]}"#,
      #" { "id" : null , "parameters" : null, "outputs": [], "inputs" : [ { "name":"x", "shape":[ 2 , 3 ], "datatype":"UINT8", "data":[ [1,2, 0] , [3 ,4,1] ] } ] } "#,
    ])
  func matrix(body: String) async throws {
    let document = try await infer(body)
    #expect(document.id == nil)
    #expect(document.outputs.map(\.name) == ["score", "row"])
    #expect(document.outputs[0].data == [21, 143])
    #expect(document.outputs[1].data == [1, 2, 0, 3, 4, 1])
  }

  @Test("Named inputs may be in any order; categories are strings or numbers; missing is null")
  func named() async throws {
    let document = try await infer(
      """
      {"outputs":[{"name":"row","parameters":{"binary_data":false}}],"inputs":[
       {"name":"colour \\"\\u00e9\\"","shape":[4,1],"datatype":"BYTES","data":[["red"],["blue\\n"],[null],["green"]]},
       {"name":"b","shape":[4],"datatype":"INT8","data":[-1,null,3,4]},
       {"name":"a","shape":[4],"datatype":"BOOL","data":[true,false,null,true]}]}
      """)
    #expect(document.outputs.map(\.name) == ["row"])
    #expect(document.outputs[0].data == [1, -1, 0, 0, nil, 2, nil, 3, nil, 1, 4, 1])
  }

  @Test("NaN, as Python writes it, is a missing value")
  func notANumber() async throws {
    let body = #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[NaN,1,null]}]}"#
    #expect(try await infer(body).outputs[1].data == [nil, 1, nil])
  }

  @Test("No rows give no scores")
  func empty() async throws {
    let document = try await infer(#"{"inputs":[{"name":"x","shape":[0,3],"datatype":"FP32","data":[]}]}"#)
    #expect(document.outputs.map(\.shape) == [[0], [0, 3]])
    #expect(document.outputs.map(\.data.count) == [0, 0])
  }

  /// A request with one matrix whose object has these members.
  private static func matrix(_ members: String) -> String { #"{"inputs":[{"name":"x",\#(members)}]}"# }

  /// A request with the three features, in which `a` has these members.
  private static func named(_ members: String) -> String {
    """
    {"inputs":[{"name":"a",\(members)},{"name":"b","shape":[1],"datatype":"FP32","data":[1]},
    {"name":"colour \\"é\\"","shape":[1],"datatype":"BYTES","data":["red"]}]}
    """
  }

  static let refused: [(String, String)] = [
    ("", "empty"), ("null", "expected an object"), ("[]", "expected an object"), ("{}", "no 'inputs'"),
    ("{\"inputs\":[]}", "no inputs"), ("{\"inputs\":[]} x", "extra text after the end"),
    ("{\"inputs\":{}}", "expected an array"),
    ("{\"id\":1,\"inputs\":[]}", "expected a string"), ("{\"inputs\":[],\"inputs\":[]}", "duplicate key"),
    ("{\"inputs\":[{}]}", "without a 'name'"),
    (matrix(#""shape":[1,3],"data":[1,2,3]"#), "no 'datatype'"),
    (matrix(#""datatype":"FP32","data":[1,2,3]"#), "no 'shape'"),
    (matrix(#""datatype":"FP32","shape":[1,3]"#), "no 'data'"),
    (matrix(#""datatype":"FP16","shape":[1,3],"data":[1,2,3]"#), "FP16 has no form in JSON"),
    (matrix(#""datatype":"F32","shape":[1,3],"data":[1,2,3]"#), "is not one of BOOL, UINT8"),
    (matrix(#""datatype":"FP32","shape":[1,3,1],"data":[1,2,3]"#), "one or two dimensions"),
    (matrix(#""datatype":"FP32","shape":[],"data":[1]"#), "without dimensions"),
    (matrix(#""datatype":"FP32","shape":[-1,3],"data":[1,2,3]"#), "a whole number, 0 or more"),
    (matrix(#""datatype":"FP32","shape":[1.5,3],"data":[1,2,3]"#), "a whole number, 0 or more"),
    (matrix(#""datatype":"FP32","shape":[9223372036854775808,3],"data":[]"#), "a whole number, 0 or more"),
    (matrix(#""datatype":"FP32","shape":[1000000000000,3],"data":[]"#), "the limit is 100000"),
    (matrix(#""datatype":"FP32","shape":[1,4],"data":[1,2,3,4]"#), "the model has 3 features"),
    (matrix(#""datatype":"FP32","shape":[1,2],"data":[1,2]"#), "2 columns"),
    (matrix(#""datatype":"FP32","shape":[100000,3],"data":[1,2,3]"#), "3 values instead of 300000"),
    (matrix(#""datatype":"FP32","shape":[1,3],"data":[1,2]"#), "2 values instead of 3"),
    (matrix(#""datatype":"FP32","shape":[1,3],"data":[1,2,3,4]"#), "more than 3 values"),
    (matrix(#""datatype":"FP32","shape":[1,3],"data":[[1,2,3],[1,2,3]]"#), "more than 1 rows"),
    (matrix(#""datatype":"FP32","shape":[2,3],"data":[[1,2,3]]"#), "1 rows"),
    (matrix(#""datatype":"FP32","shape":[2,3],"data":[[1,2,3],[1,2]]"#), "2 values instead of 3"),
    (matrix(#""datatype":"FP32","shape":[2,3],"data":[[1,2,3],1,2,3]"#), "expected an array"),
    (matrix(#""datatype":"FP32","shape":[1,3],"data":[[[1,2,3]]]"#), "expected a number"),
    (matrix(#""datatype":"FP32","shape":[1,3],"data":["1",2,3]"#), "expected a number"),
    (matrix(#""datatype":"FP32","shape":[1,3],"data":[true,2,3]"#), "expected a number"),
    (matrix(#""datatype":"FP32","shape":[1,3],"data":[1e39,2,3]"#), "too large"),
    (matrix(#""datatype":"FP64","shape":[1,3],"data":[1e39,2,3]"#), "too large"),
    (matrix(#""datatype":"FP64","shape":[1,3],"data":[Infinity,2,3]"#), "expected a number"),
    (matrix(#""datatype":"INT32","shape":[1,3],"data":[1.5,2,3]"#), "not of datatype INT32"),
    (matrix(#""datatype":"INT32","shape":[1,3],"data":[2147483648,2,3]"#), "not of datatype INT32"),
    (matrix(#""datatype":"UINT32","shape":[1,3],"data":[-1,2,3]"#), "not of datatype UINT32"),
    (matrix(#""datatype":"BYTES","shape":[1,3],"data":["a","b","c"]"#), "matrix of strings"),
    (matrix(#""datatype":"BYTES","shape":[1,3],"data":[1,"b","c"]"#), "matrix of strings"),
    (matrix(#""data":[1,"b","c"],"datatype":"BYTES","shape":[1,3]"#), "matrix of strings"),
    (matrix(#""datatype":"BYTES","shape":[1],"data":["b"]"#), "unknown inputs: x"),
    (
      #"{"inputs":[{"name":"colour \"é\"","shape":[1],"datatype":"BYTES","data":[1]}]}"#,
      "because the datatype is BYTES"
    ),
    (matrix(#""datatype":"BOOL","shape":[1,3],"data":[1,true,true]"#), "expected true, false or null"),
    (matrix(#""datatype":"FP32","shape":[1],"data":[1]"#), #"missing inputs: a, b, colour "é"; unknown inputs: x"#),
    (named(#""shape":[2],"datatype":"FP32","data":[1,2]"#), "has 1 rows, but 'a' has 2"),
    (named(#""shape":[1,2],"datatype":"FP32","data":[1,2]"#), "the shape of a feature is [rows]"),
    (named(#""shape":[1],"datatype":"BYTES","data":["1"]"#), "the feature is numeric"),
    (
      #"{"inputs":[{"name":"a","shape":[1],"datatype":"FP32","data":[1]},{"name":"a","shape":[1],"datatype":"FP32","data":[1]}]}"#,
      "duplicate input"
    ),
    (
      #"{"inputs":[{"name":"b","shape":[1],"datatype":"FP32","data":[1]}]}"#,
      #"missing inputs: a, colour "é""#
    ),
    (
      #"{"outputs":[{"name":"nope"}],"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#,
      "the model has score, row"
    ),
    (
      #"{"outputs":[{"name":"row"},{"name":"row"}],"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#,
      "duplicate output"
    ),
    (#"{"outputs":[{}],"inputs":[]}"#, "an output without a 'name'"),
  ]

  @Test("The error says what is wrong with a request", arguments: refused)
  func wrong(body: String, part: String) async {
    let response = await server.ask("POST", path, body: body)
    #expect(response.status == 400)
    #expect(response.error?.contains(part) == true, "\(response.text)")
  }

  @Test(
    "A parameter that would change the response is refused and named; an unknown one is ignored",
    arguments: [
      "sequence_id", "sequence_start", "sequence_end", "classification", "shared_memory_region",
      "shared_memory_offset",
    ])
  func parameters(name: String) async {
    let matrix = #""name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]"#
    for body in [
      #"{"parameters":{"\#(name)":1},"inputs":[{\#(matrix)}]}"#,
      #"{"inputs":[{\#(matrix)}],"parameters":{"a":{},"\#(name)":null}}"#,
      #"{"\#(name)":1,"inputs":[{\#(matrix)}]}"#,
      #"{"inputs":[{\#(matrix),"parameters":{"\#(name)":3}}]}"#,
      #"{"inputs":[{\#(matrix)}],"outputs":[{"name":"row","parameters":{"\#(name)":3}}]}"#,
    ] {
      let response = await server.ask("POST", path, body: body)
      #expect(response.status == 400, "\(body)")
      #expect(response.error?.contains("'\(name)' of ") == true, "\(response.text)")
    }
    let other = #"{"parameters":{"x\#(name)":1},"inputs":[{\#(matrix)}]}"#
    #expect(await server.ask("POST", path, body: other).status == 200)
  }

  @Test("The time of a request is its own parameter, and the default priority is no priority")
  func timeout() async {
    let matrix = #""inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]"#
    for (parameters, status) in [
      (#"{"timeout":60000000,"priority":0}"#, 200), (#"{"timeout":0}"#, 200), (#"{"timeout":1}"#, 504),
      (#"{"timeout":-1}"#, 400), (#"{"timeout":9223372036854775807}"#, 200), (#"{"priority":1}"#, 400),
    ] {
      let response = await server.ask("POST", path, body: "{\"parameters\":\(parameters),\(matrix)}")
      #expect(response.status == status, "\(parameters): \(response.text)")
    }
  }

  @Test("An unknown category is named, with the known ones")
  func category() async {
    let body = InferenceTests.named(#""shape":[1],"datatype":"FP32","data":[1]"#)
      .replacing("[\"red\"]", with: "[\"pink\"]")
    let response = await server.ask("POST", path, body: body)
    #expect(response.status == 400)
    #expect(response.error?.contains("'pink'") == true && response.error?.contains("red, green") == true)
  }

  @Test("Mutated requests are answered or refused, never an internal error", arguments: 0..<20 as Range<UInt64>)
  func mutations(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let seeds = [
      #"{"id":"a\u00e9","inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[[1,2.5e3,0],[-0.5,null,2]]}],"outputs":[{"name":"row"}]}"#,
      InferenceTests.named(#""data":[1.25],"parameters":{"k":[true,{"z":1}]},"shape":[1,1],"datatype":"FP64""#),
    ]
    for round in 0..<50 {
      let bytes = mutate(Array(seeds[round % 2].utf8), &random)
      let response = await server.ask("POST", path, bytes: bytes)
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(response.status == 200 || response.status == 400, "\(text): \(response.text)")
      if response.status == 400 { #expect(response.error != nil, "\(response.text)") }
      if response.status == 200 { _ = try response.decoded(InferenceDocument.self) }
    }
  }

  private func mutate(_ original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = original
    let parts = [
      "[", "]", "{", "}", ",", ":", "\"", "\\", "null", "-", "1e999", "99999999999999999999", "NaN", "\\ud800", "0",
    ]
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
      case 1: bytes.remove(at: place)
      case 2: bytes.insert(contentsOf: (parts.randomElement(using: &random) ?? "").utf8, at: place)
      case 3: bytes.removeSubrange(place...)
      case 4: bytes += bytes[place...]
      default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &random))
      }
    }
    return bytes
  }

  @Test(
    "A request that is nested too deep or has a duplicate key is refused",
    arguments: [
      #"{"parameters":"# + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        + #","inputs":[]}"#,
      String(repeating: #"{"inputs":"#, count: 100_000), #"{"inputs":[],"parameters":{"a":1,"\u0061":2}}"#,
      "\u{FEFF}{\"inputs\":[]}",
    ])
  func hostile(_ body: String) async {
    let response = await InferenceServer.sample().ask("POST", "/v2/models/team/score/infer", body: body)
    #expect(response.status == 400, "\(response.text.prefix(300))")
  }
}
