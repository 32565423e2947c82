import OpzModel
import Testing

@testable import OpzInference

/// A contract in front of a model elsewhere: on tensors, of every datatype.
@Suite("A contract on tensors")
struct RemoteContractTests {
  private func column(_ name: String, _ change: (inout Contract.Column) -> Void) -> Contract.Column {
    var column = Contract.Column(name)
    change(&column)
    return column
  }

  private func check(
    _ contract: Contract, _ tensors: [RawTensor], inputs: [TensorSpec] = []
  ) throws -> (tensors: [RawTensor], report: ContractReport) {
    var (tensors, report) = (tensors, ContractReport())
    try RemoteContract(contract, inputs).check(&tensors, &report)
    return (tensors, report)
  }

  private func bytes<Bits: FixedWidthInteger>(_ values: [Bits]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
  }

  /// Values -5, 3 and 100 of each datatype of numbers, and what is left of them within 0 and 7.5.
  private static let datatypes: [(Datatype, [UInt64], [UInt64], Int)] = [
    (.int8, [251, 3, 100], [0, 3, 7], 1), (.int16, [65531, 3, 100], [0, 3, 7], 2),
    (.int32, [UInt64(UInt32(bitPattern: -5)), 3, 100], [0, 3, 7], 4),
    (.int64, [UInt64(bitPattern: -5), 3, 100], [0, 3, 7], 8),
    (.uint8, [0, 3, 100], [0, 3, 7], 1), (.uint16, [0, 3, 100], [0, 3, 7], 2), (.uint32, [0, 3, 100], [0, 3, 7], 4),
    (.uint64, [0, 3, .max], [0, 3, 7], 8),
    (.fp16, [0xc500, 0x4200, 0x5640], [0, 0x4200, 0x4780], 2),
    (.bf16, [0xc0a0, 0x4040, 0x42c8], [0, 0x4040, 0x40f0], 2),
    (
      .fp32, [UInt64(Float(-5).bitPattern), UInt64(Float(3).bitPattern), UInt64(Float(100).bitPattern)],
      [0, UInt64(Float(3).bitPattern), UInt64(Float(7.5).bitPattern)], 4
    ),
    (
      .fp64, [Double(-5).bitPattern, Double(3).bitPattern, Double(100).bitPattern],
      [0, Double(3).bitPattern, Double(7.5).bitPattern], 8
    ),
  ]

  @Test("numbers of every datatype are clipped to the nearest within", arguments: datatypes.indices)
  func clip(index: Int) throws {
    let (datatype, given, wanted, size) = RemoteContractTests.datatypes[index]
    func tensor(_ values: [UInt64]) -> RawTensor {
      RawTensor("x", datatype, shape: [3], bytes: values.flatMap { bytes([$0]).prefix(size) })
    }
    let contract = Contract([
      column("x") {
        $0.least = .init(0, .clip)
        $0.most = .init(7.5, .clip)
      }
    ])
    let (tensors, report) = try check(contract, [tensor(given)])
    #expect(tensors == [tensor(wanted)])
    let isUnsigned = datatype.integers?.least == 0
    #expect(
      report.violations
        == (isUnsigned ? [] : [ContractViolation("x", .min, as: .clip)]) + [ContractViolation("x", .max, as: .clip)])
    // What fits is left alone, to the bit.
    let again = try check(contract, tensors)
    #expect(again.tensors == tensors && again.report.violations.isEmpty)
  }

  @Test("a bound is the number nearest to it in the tensor's datatype", arguments: [Datatype.fp16, .bf16, .fp32])
  func nearest(datatype: Datatype) throws {
    for bound in [0.1, 0.3, 0.7, -0.1, 1e-7] {
      let contract = Contract([
        column("x") {
          $0.least = .init(bound, .reject)
          $0.most = .init(bound, .reject)
        }
      ])
      let value: [UInt8] =
        switch datatype {
        case .fp16: bytes([Float(bound).halfBits])
        case .bf16: bytes([Float(bound).brainBits])
        default: bytes([Float(bound).bitPattern])
        }
      let (_, report) = try check(contract, [RawTensor("x", datatype, shape: [1], bytes: value)])
      #expect(report.violations.isEmpty)
    }
    #expect(Float(half: Float(0.3).halfBits) == 0.30004883 && Float(1e30).halfBits == 0x7bff)
    #expect(Float(brain: Float(0.3).brainBits) == 0.30078125 && (-Float.greatestFiniteMagnitude).brainBits == 0xff7f)
  }

  @Test("bounds beyond all numbers of a datatype trap nothing", arguments: datatypes.indices)
  func hostile(index: Int) throws {
    let (datatype, given, _, size) = RemoteContractTests.datatypes[index]
    let tensor = RawTensor("x", datatype, shape: [3], bytes: given.flatMap { bytes([$0]).prefix(size) })
    for bound in [1.7e308, -1.7e308, 5e-324, .greatestFiniteMagnitude, 1e19] {
      for isLeast in [true, false] {
        let contract = Contract([
          column("x") { if isLeast { $0.least = .init(bound, .clip) } else { $0.most = .init(bound, .clip) } }
        ])
        let (tensors, _) = try check(contract, [tensor])
        #expect(tensors[0].bytes.count == tensor.bytes.count)
        for place in 0..<3 where datatype.isFloat {
          #expect(datatype.number(tensors[0].bytes, at: place * size).isFinite)
        }
      }
    }
  }

  @Test("missing elements, by their positions and as NaN, and columns that are not there")
  func missing() throws {
    let contract = Contract([column("x") { $0.missing = .init(false, .flag, from: .profile) }])
    let whole = RawTensor("x", .int64, shape: [3], bytes: bytes([1, 0, 0] as [Int64]), missing: [1, 2])
    #expect(try check(contract, [whole]).report.violations == [ContractViolation("x", .missing, as: .flag, count: 2)])
    let float = RawTensor("x", .fp64, shape: [2], bytes: bytes([Double.nan.bitPattern, 0]))
    #expect(try check(contract, [float]).report.violations == [ContractViolation("x", .missing, as: .flag)])
    let texts = RawTensor("x", .bytes, shape: [2], bytes: [0, 0, 0, 0, 0, 0, 0, 0], missing: [1])
    #expect(try check(contract, [texts]).report.violations == [ContractViolation("x", .missing, as: .flag)])
    let strict = Contract([column("y") { $0.missing = .init(false, .reject) }])
    let failure = #expect(throws: RequestFailure.self) { try check(strict, [whole]) }
    #expect(failure?.message.contains("column 'y'") == true)
    #expect(failure?.violations == [ContractViolation("y", .missing, as: .reject)])
    // A missing integer is zero in the bytes, and no zero for the bounds.
    let bounded = Contract([column("x") { $0.least = .init(1, .reject) }])
    #expect(try check(bounded, [whole]).report.violations.isEmpty)
  }

  @Test("categories of texts and of numbers, booleans, and types")
  func kinds() throws {
    let texts = RawTensor("x", .bytes, shape: [3], bytes: [1, 0, 0, 0, 0x61, 2, 0, 0, 0, 0xc3, 0xa9, 0, 0, 0, 0])
    func found(_ tensor: RawTensor, _ change: (inout Contract.Column) -> Void) throws -> [ContractViolation] {
      try check(Contract([column("x", change)]), [tensor]).report.violations
    }
    #expect(try found(texts) { $0.categories = .init(["a", "é", ""], .flag) } == [])
    #expect(
      try found(texts) { $0.categories = .init(["é"], .flag) } == [
        ContractViolation("x", .category, as: .flag, count: 2)
      ])
    let numbers = RawTensor("x", .fp64, shape: [3], bytes: bytes([1.0, 2.5, 3.0].map(\.bitPattern)))
    #expect(try found(numbers) { $0.categories = .init(["1", "2.50", "3"], .flag) } == [])
    #expect(try found(numbers) { $0.kind = .init(.integer, .flag) } == [ContractViolation("x", .type, as: .flag)])
    #expect(
      try found(numbers) { $0.kind = .init(.text, .flag) } == [ContractViolation("x", .type, as: .flag, count: 3)])
    #expect(
      try found(texts) { $0.kind = .init(.number, .flag) } == [ContractViolation("x", .type, as: .flag, count: 3)])
    let flags = RawTensor("x", .bool, shape: [2], bytes: [0, 1])
    #expect(try found(flags) { $0.kind = .init(.boolean, .reject) } == [])
    #expect(
      try found(flags) { $0.categories = .init(["true"], .flag) } == [ContractViolation("x", .category, as: .flag)])
    #expect(throws: RequestFailure.self) { try found(numbers) { $0.kind = .init(.boolean, .clip) } }
  }

  @Test("a matrix has the model's columns in their order")
  func matrix() throws {
    let contract = Contract([column("b") { $0.most = .init(10, .clip) }])
    let inputs = [TensorSpec("a", .fp64), TensorSpec("b", .fp64)]
    let matrix = RawTensor("input", .fp64, shape: [2, 2], bytes: bytes([99.0, 1, 99, 11].map(\.bitPattern)))
    let (tensors, report) = try check(contract, [matrix], inputs: inputs)
    #expect(tensors[0].bytes == bytes([99.0, 1, 99, 10].map(\.bitPattern)))
    #expect(report.violations == [ContractViolation("b", .max, as: .clip)])
    // An input that is a matrix itself has one column.
    let own = try check(
      Contract([column("x") { $0.most = .init(10, .flag) }]),
      [RawTensor("x", .fp64, shape: [2, 2], bytes: matrix.bytes)], inputs: [TensorSpec("x", .fp64, shape: [-1, 2])])
    #expect(own.report.violations == [ContractViolation("x", .max, as: .flag, count: 3)])
    let empty = try check(contract, [RawTensor("a", .fp64, shape: [3, 0], bytes: [])])
    #expect(empty.report.violations.isEmpty)
  }

  @Test("the signature fills what is not written, as flags")
  func signature() throws {
    let inputs = [
      TensorSpec("n", .fp64, range: 0...1, maybeMissing: false), TensorSpec("t", .bytes, categories: ["a"]),
    ]
    let written = Contract([column("n") { $0.most = .init(5, .reject) }])
    let whole = written.filled(from: Contract(of: inputs))
    #expect(whole.columns[0].least == .init(0, .flag, from: .signature))
    #expect(whole.columns[0].most == .init(5, .reject))
    #expect(whole.columns[0].missing == .init(false, .flag, from: .signature))
    #expect(whole.columns[1].categories == .init(["a"], .flag, from: .signature))
    // Categories that are written leave no room for a range, nor a range for categories.
    let ranged = Contract([column("t") { $0.least = .init(0, .reject) }]).filled(from: Contract(of: inputs))
    #expect(ranged.columns[0].categories == nil)
  }
}

@Suite("A contract in the settings file")
struct ContractSettingsTests {
  @Test("it is read as it was written")
  func round() throws {
    var column = Contract.Column("age")
    column.kind = .init(.integer, .reject)
    column.least = .init(-0.5, .clip)
    column.most = .init(120, .flag, from: .profile)
    column.missing = .init(true, .reject)
    var colour = Contract.Column("é \"")
    colour.categories = .init(["red", ""], .flag, from: .signature)
    var settings = ServeSettings(model: "/models")
    settings.contract = Contract([column, colour])
    #expect(try ServeSettings(json: settings.json()) == settings)
    settings.contract = Contract()
    #expect(try ServeSettings(json: settings.json()).contract == Contract())
    settings.contract = nil
    #expect(try ServeSettings(json: settings.json()).contract == nil)
  }

  @Test(
    "a hostile one is refused with its place",
    arguments: [
      (#"[{"name":"a","min":{"is":2},"max":{"is":1}}]"#, "contract[0].min"), (#"[{"name":"a"},{"name":"a"}]"#, "twice"),
      (#"[{"name":"a","min":{"is":"nan"}}]"#, "contract[0].min.is"),
      (#"[{"name":"a","min":{}}]"#, "contract[0].min.is"),
      (#"[{"name":"a","min":{"is":1e999}}]"#, "too large"), (#"[{}]"#, "contract[0].name"),
      (#"[{"name":"a","type":{"is":"date"}}]"#, "contract[0].type.is"), (#"{}"#, "contract"),
      (#"[{"name":"a","missing":{"is":1}}]"#, "contract[0].missing.is"),
      (#"[{"name":"a","mim":{}}]"#, "contract[0].mim"),
      (#"[{"name":"a","max":{"is":1,"then":"drop"}}]"#, "contract[0].max.then"),
      (#"[{"name":"a","categories":{"is":[]}}]"#, "contract[0].categories.is"),
    ])
  func refused(contract: String, place: String) {
    let text = "{\"opz_serve\":1,\"model\":\"/m\",\"contract\":\(contract)}"
    let error = #expect(throws: SettingsError.self) { try ServeSettings(json: Array(text.utf8)) }
    #expect(error?.reason.contains(place) == true, "\(String(describing: error))")
  }

  @Test("a million categories, and columns, are too many")
  func many() {
    let texts = (0..<10_001).map { "\"\($0)\"" }.joined(separator: ",")
    let columns = (0..<10_001).map { "{\"name\":\"\($0)\"}" }.joined(separator: ",")
    for contract in ["[{\"name\":\"a\",\"categories\":{\"is\":[\(texts)]}}]", "[\(columns)]"] {
      let text = "{\"opz_serve\":1,\"model\":\"/m\",\"contract\":\(contract)}"
      #expect(throws: SettingsError.self) { try ServeSettings(json: Array(text.utf8)) }
    }
  }
}
