import OpzFormats
import OpzModel
import OpzTestKit
import Testing

@Suite("A small file cannot ask for much memory")
struct ModelBudgetTests {
  private func refusal(_ text: String) -> ModelError? {
    #expect(throws: ModelError.self) { try ModelFormats.standard.read(Array(text.utf8), name: "m") }
  }

  private static let nameless = HandMadeModel.json().replacing(
    "\"feature_names\":[\"a\",\"b\"],\"feature_types\":[\"float\",\"float\"],", with: "")

  @Test("columns that a file states and does not list")
  func columns() throws {
    func text(_ count: Int) -> String {
      Self.nameless.replacing("\"num_feature\":\"2\"", with: "\"num_feature\":\"\(count)\"")
    }
    let error = refusal(text(1 << 20))
    #expect(
      error?.code == .tooLarge && error?.reason.contains("may have 65536") == true, "\(String(describing: error))")
    #expect(try ModelFormats.standard.read(Array(text(1 << 16).utf8), name: "m").model.inputs.count == 1 << 16)
    // A larger file may have more of them.
    let padded = text(1 << 17) + String(repeating: " ", count: 1 << 17)
    #expect(try ModelFormats.standard.read(Array(padded.utf8), name: "m").model.inputs.count == 1 << 17)
  }

  @Test(
    "outputs that a file states",
    arguments: ["\"num_class\":\"1000000\"", "\"num_class\":\"0\",\"num_target\":\"1000000\""])
  func outputs(member: String) {
    let error = refusal(
      HandMadeModel.json(objective: "reg:squarederror").replacing("\"num_class\":\"0\"", with: member))
    #expect(error?.code == .tooLarge, "\(String(describing: error))")
  }

  @Test("category sets of far numbers take no more than a multiple of the file")
  func categories() throws {
    func builder(_ fileSize: Int) -> TreeEnsembleBuilder {
      TreeEnsembleBuilder(
        name: "m", columns: 1, groups: 1, inputs: .float32, sums: .float32, fileSize: fileSize)
    }
    let far = TreeEnsemble.CategorySet([(1 << 24) - 1])
    // 2 MiB each: a file of 10 KiB may have 16 MiB of them, and one of 4 MiB eight times as much.
    var small = builder(10 << 10)
    for _ in 0..<8 { _ = try small.add(far) }
    let error = #expect(throws: ModelError.self) { _ = try small.add(far) }
    #expect(error?.code == .tooLarge && error?.hint != nil)
    var large = builder(4 << 20)
    for _ in 0..<64 { _ = try large.add(far) }
    #expect(throws: ModelError.self) { _ = try large.add(far) }
  }

  @Test("leaves with a value for each of many outputs")
  func leaves() throws {
    var builder = TreeEnsembleBuilder(
      name: "m", columns: 1, groups: 1 << 20, inputs: .float32, sums: .float32, fileSize: 1000)
    let values = [Double](repeating: 0, count: 1 << 20)
    try builder.addTree(nodes: 1, group: 0) { .vector(number: $0, values: values) }
    #expect(throws: ModelError.self) {
      try builder.addTree(nodes: 1, group: 0) { .vector(number: $0, values: values) }
    }
  }
}
