import OpzIO
import OpzTestKit
import Testing

@Suite("The command opz request")
struct RequestCommandTests {
  @Test("prints the same request for curl, Python and grpcurl")
  func forms() throws {
    let opz = try Command()
    let model = try opz.directory.write("it's.json", HandMadeModel.json()).string
    let all = try opz.run(["request", model, "--address", "h:1"]).text
    let curl = try opz.run(["request", model, "--form", "curl", "--address", "h:1"]).text
    #expect(
      curl == """
        curl -s 'http://h:1/v2/models/it%27s/infer' -d '{"inputs": [\
        {"name": "a", "datatype": "FP32", "shape": [1], "data": [1.0]}, \
        {"name": "b", "datatype": "FP32", "shape": [1], "data": [1.0]}]}'

        """)
    #expect(
      all.hasPrefix(curl) && all.contains("urllib.request") && all.contains("grpcurl -plaintext -d '{\"model_name\""))
    #expect(all.contains(#""contents": {"fp32_contents": [1.0]}"#))
    let python = try opz.run(["request", model, "--form", "python"]).text
    let parsed = try ChildProcess.run(["python3", "-c", "import ast,sys; ast.parse(sys.argv[1])", python])
    #expect(parsed.status == 0, "\(parsed.errorText)")
  }
}
