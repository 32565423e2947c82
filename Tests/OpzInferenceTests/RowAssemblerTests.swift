import Testing

@testable import OpzInference

@Suite("The rows of a request")
struct RowAssemblerTests {
  private let assembler = RowAssembler([
    FeatureSpec(name: "number"), FeatureSpec(name: "text", categories: ["10", "7", "x"]),
    FeatureSpec(name: "code", categories: []),
  ])

  private func matrix(text: InputTensor.Values, code: InputTensor.Values) throws -> [Float] {
    func input(_ name: String, _ values: InputTensor.Values) -> InputTensor {
      InputTensor(name: name, datatype: .fp32, shape: [1], values: values)
    }
    let rows = try assembler.rows([input("code", code), input("number", .numbers([0.5])), input("text", text)])
    guard case .float32(let matrix) = rows.numbers else { return [] }
    return matrix
  }

  @Test("A number is a category name, or a code if the model has no names, but never a position")
  func numbers() throws {
    #expect(try matrix(text: .numbers([7]), code: .numbers([3])) == [0.5, 1, 3])
    #expect(try matrix(text: .numbers([10]), code: .numbers([16_777_215])) == [0.5, 0, 16_777_215])
    #expect(try matrix(text: .codes([2]), code: .numbers([0])) == [0.5, 2, 0])
    let missing = try matrix(text: .numbers([.nan]), code: .numbers([.nan]))
    #expect(missing[1].isNaN && missing[2].isNaN)
  }

  @Test("Numbers that are not a category are refused", arguments: [Float(0), 1, 7.5, -7, 1e30])
  func unknown(number: Float) {
    #expect(throws: RequestFailure.self) { try matrix(text: .numbers([number]), code: .numbers([0])) }
  }

  @Test("Numbers that are not a code are refused", arguments: [Float(-1), 0.5, 16_777_216, 1e30])
  func noCode(number: Float) {
    #expect(throws: RequestFailure.self) { try matrix(text: .codes([.nan]), code: .numbers([number])) }
  }

  @Test("An unseen category is what the training library makes of it, as in opz score")
  func unseen() throws {
    let assembler = RowAssembler([
      FeatureSpec(name: "missing", categories: ["1.0", "x"], unseen: .missing),
      FeatureSpec(name: "code", categories: ["x"], unseen: .code),
    ])
    let (missing, code) = (
      try assembler.categories(of: "missing", shape: [1]), try assembler.categories(of: "code", shape: [1])
    )
    #expect(try missing.code(of: "y", row: 0).isNaN && missing.code(of: 7, row: 0).isNaN)
    #expect(try missing.code(of: "1", row: 0) == 0 && missing.code(of: 1, row: 0) == 0)
    #expect(try code.code(of: "y", row: 0) == -1 && code.code(of: "x", row: 0) == 0)
  }

  @Test("A column that the model does not use may have numbers, alone and in a matrix")
  func unused() throws {
    let assembler = RowAssembler([FeatureSpec(name: "id", element: .text, isUsed: false), FeatureSpec(name: "a")])
    let inputs = ["id", "a"].map {
      InputTensor(name: $0, datatype: .fp32, shape: [1], values: .numbers([$0 == "a" ? 2 : 1]))
    }
    #expect(try assembler.rows(inputs).count == 1)
    let matrix = InputTensor(name: "matrix", datatype: .fp32, shape: [1, 2], values: .numbers([1, 2]))
    #expect(try assembler.rows([matrix]).count == 1)
    let texts = RowAssembler([FeatureSpec(name: "id", element: .text), FeatureSpec(name: "a")])
    #expect(throws: RequestFailure.self) { try texts.rows(inputs) }
    #expect(throws: RequestFailure.self) { try texts.rows([matrix]) }
  }

  @Test("A string is not a code")
  func text() {
    #expect(throws: RequestFailure.self) { try assembler.categories(of: "code", shape: [1]).code(of: "3", row: 0) }
  }
}
