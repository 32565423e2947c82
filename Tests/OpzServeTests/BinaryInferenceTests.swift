import OpzHTTPServer
import OpzIO
import OpzInference
import OpzTestKit
import Testing

@testable import OpzServe

/// The protocol's binary tensor data extension; `scripts/test-peers` has tritonclient send the same.
@Suite("Binary tensors")
struct BinaryInferenceTests {
  private let server = InferenceServer.sample()
  private let path = "/v2/models/team/score/infer"

  /// Little-endian bytes.
  private static func bytes(_ values: [some FixedWidthInteger]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
  }

  private static func bytes(_ values: [Float]) -> [UInt8] { bytes(values.map(\.bitPattern)) }

  private static func bytes(_ texts: [String]) -> [UInt8] {
    texts.flatMap { bytes([UInt32($0.utf8.count)]) + Array($0.utf8) }
  }

  private func ask(_ json: String, _ tail: [UInt8], length: Int? = nil, coding: String? = nil) async -> Response {
    var headers: HTTPFields = ["Inference-Header-Content-Length": "\(length ?? json.utf8.count)"]
    if let coding { headers.append("Content-Encoding", coding) }
    return await server.ask("POST", path, bytes: Array(json.utf8) + tail, headers: headers)
  }

  private static func matrix(_ datatype: String, _ size: Int, more: String = "") -> String {
    #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"\#(datatype)","parameters":{"binary_data_size":\#(size)}}]\#(more)}"#
  }

  private static let numbers: [(String, [UInt8])] = [
    ("BOOL", [1, 0, 1]), ("UINT8", [1, 0, 1]), ("INT8", [1, 0, 1]), ("UINT16", bytes([1, 0, 1] as [UInt16])),
    ("INT16", bytes([1, 0, 1] as [Int16])), ("UINT32", bytes([1, 0, 1] as [UInt32])),
    ("INT32", bytes([1, 0, 1] as [Int32])), ("UINT64", bytes([1, 0, 1] as [UInt64])),
    ("INT64", bytes([1, 0, 1] as [Int64])), ("FP16", bytes([0x3c00, 0, 0x3c00] as [UInt16])),
    ("BF16", bytes([0x3f80, 0x8000, 0x3f80] as [UInt16])), ("FP32", bytes([1, 0, 1] as [Float])),
    ("FP64", bytes([1.0, 0, 1].map { ($0 as Double).bitPattern })),
  ]

  @Test("Every datatype of numbers is read, little-endian", arguments: numbers)
  func datatypes(datatype: String, bytes: [UInt8]) async throws {
    let response = await ask(BinaryInferenceTests.matrix(datatype, bytes.count), bytes)
    try #require(response.status == 200, "\(response.text)")
    #expect(response["inference-header-content-length"] == nil)
    #expect(try response.decoded(InferenceDocument.self).outputs[1].data == [1, 0, 1])
  }

  @Test("Inputs and outputs may be mixed; bytes are in the order of the inputs")
  func mixed() async throws {
    let colour = BinaryInferenceTests.bytes(["red", "blue\n"])
    let json = """
      {"id":"7","parameters":{"binary_data_output":true},"outputs":[{"name":"row","parameters":{"binary_data":false}},
      {"name":"score"}],"inputs":[
      {"name":"colour \\"é\\"","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":\(colour.count)}},
      {"name":"a","shape":[2],"datatype":"INT64","data":[1,null]},
      {"parameters":{"binary_data_size":8},"name":"b","datatype":"FP32","shape":[2]}]}
      """
    let response = await ask(json, colour + BinaryInferenceTests.bytes([2, .nan] as [Float]))
    try #require(response.status == 200, "\(response.text)")
    #expect(response["content-type"] == "application/octet-stream")
    let count = try #require(response["inference-header-content-length"].flatMap { Int($0) })
    #expect(
      String(decoding: response.bytes.prefix(count), as: UTF8.self) == """
        {"model_name":"team/score","model_version":"3","id":"7","outputs":[\
        {"name":"row","datatype":"FP32","shape":[2,3],"data":[1.0,2.0,0.0,null,null,2.0]},\
        {"name":"score","datatype":"FP32","shape":[2],"parameters":{"binary_data_size":8}}]}
        """)
    #expect(Array(response.bytes.dropFirst(count)) == BinaryInferenceTests.bytes([21, 11200] as [Float]))
  }

  @Test("Bodies may be compressed: gzip, in members too, zlib and bare deflate; the length counts what is inside")
  func compressed() async throws {
    let tail = BinaryInferenceTests.bytes([1, 0, 1] as [Float])
    let json = BinaryInferenceTests.matrix("FP32", tail.count)
    for (coding, script) in [
      ("gzip", "gzip.compress(b)"), ("gzip", "gzip.compress(b[:9])+gzip.compress(b[9:])"),
      ("deflate", "zlib.compress(b)"), ("deflate", "zlib.compress(b)[2:-4]"), ("x-gzip", "gzip.compress(b)"),
    ] {
      let body = try await Python.bytes(script, of: Array(json.utf8) + tail)
      let response = await server.ask(
        "POST", path, bytes: body,
        headers: ["Inference-Header-Content-Length": "\(json.utf8.count)", "Content-Encoding": coding])
      #expect(response.status == 200, "\(coding) \(script): \(response.text)")
    }
  }

  @Test("A body that is larger when it is decoded than the limit is refused before it takes the memory")
  func bomb() async throws {
    let body = try await Python.bytes("gzip.compress(bytes(17<<20))", of: [])
    let response = await server.ask("POST", path, bytes: body, headers: ["Content-Encoding": "gzip"])
    #expect(response.status == 413, "\(response.text)")
  }

  @Test(
    "What is wrong with a binary request is said",
    arguments: [
      (matrix("FP32", 11), [UInt8](repeating: 0, count: 11), "11 bytes, but its shape [1, 3] needs 12"),
      (matrix("FP32", 12), [UInt8](repeating: 0, count: 11), "but 11 bytes are left"),
      (matrix("FP32", 12), [UInt8](repeating: 0, count: 13), "1 bytes after the last binary tensor"),
      (matrix("FP32", -1), [], "'binary_data_size' -1"),
      (matrix("FP32", 12), bytes([1, 2, .infinity] as [Float]), "element 2"),
      (matrix("FP64", 24), bytes([1.0, 1e39, 2].map { ($0 as Double).bitPattern }), "element 1"),
      (matrix("BOOL", 3), [1, 2, 0], "element 1"),
      (matrix("BYTES", 15), bytes(["a", "b", "c"]), "matrix of strings"),
      (
        #"{"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3],"parameters":{"binary_data_size":0}}]}"#,
        [], "both 'data' and 'binary_data_size'"
      ),
      (
        matrix("FP32", 12, more: #","parameters":{"binary_data_output":1}"#), bytes([1, 2, 0] as [Float]),
        "true or false"
      ),
    ] as [(String, [UInt8], String)])
  func wrong(json: String, tail: [UInt8], part: String) async {
    let response = await ask(json, tail)
    #expect(response.status == 400 && response.error?.contains(part) == true, "\(response.text)")
  }

  @Test(
    "Texts are checked: lengths, UTF-8, and that nothing follows",
    arguments: [
      ([1, 0, 0], "ends within element 0"), ([4, 0, 0, 0, 97], "has 4 bytes, and 1 are left"),
      ([255, 255, 255, 255], "and 0 are left"), ([1, 0, 0, 0, 255], "UTF-8"),
      ([3, 0, 0, 0, 114, 101, 100, 0], "1 bytes after its last element"),
    ] as [([UInt8], String)])
  func texts(bytes: [UInt8], part: String) async {
    let json = """
      {"inputs":[{"name":"a","shape":[1],"datatype":"FP32","data":[1]},{"name":"b","shape":[1],"datatype":"FP32","data":[1]},
      {"name":"colour \\"é\\"","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":\(bytes.count)}}]}
      """
    let response = await ask(json, bytes)
    #expect(response.status == 400 && response.error?.contains(part) == true, "\(response.text)")
  }

  @Test("A header's length beyond the body is refused, and a body without JSON is one tensor")
  func lengths() async {
    #expect(await ask("{}", [], length: 3).error?.contains("the body has 2 bytes") == true)
    // The sample has texts and numbers.
    #expect(await ask("", [0, 0, 0, 0], length: 0).error?.contains("one datatype") == true)
  }

  @Test("A body without JSON is rows of a model of numbers, and its outputs are binary")
  func raw() async throws {
    let model = ServedModel(name: "sums", version: "1", predictor: SumPredictor())
    let server = InferenceServer(model, version: "0.0.0", cores: 1)
    let response = await server.ask(
      "POST", "/v2/models/sums/infer", bytes: BinaryInferenceTests.bytes([1, 2, 3, 4] as [Float]),
      headers: ["Inference-Header-Content-Length": "0"])
    try #require(response.status == 200, "\(response.text)")
    let count = try #require(response["inference-header-content-length"].flatMap { Int($0) })
    #expect(Array(response.bytes.dropFirst(count)) == BinaryInferenceTests.bytes([3, 7] as [Float]))
    let uneven = await server.ask(
      "POST", "/v2/models/sums/infer", bytes: [1, 2, 3], headers: ["Inference-Header-Content-Length": "0"])
    #expect(uneven.status == 400)
  }
}
