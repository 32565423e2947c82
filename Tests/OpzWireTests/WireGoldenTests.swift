import Foundation
import OpzTestKit
import OpzWire
import Testing

/// The message of `scripts/make-wire-fixtures`: a field of each type, and lists.
struct GoldenMessage: Equatable {
  var integers: [Int: Int64] = [:]
  var fixed: [Int: UInt64] = [:]
  var float: Float?
  var double: Double?
  var string: String?
  var bytes: [UInt8]?
  var inner: [GoldenMessage] = []
  var lists: [Int: [Int64]] = [:]
  var floats: [Int: [Float]] = [:]
  var doubles: [Int: [Double]] = [:]
  var texts: [String] = []

  init() {}

  init(_ message: WireReader) throws {
    var reader = message
    while let field = try reader.next() {
      switch field.number {
      case 1: integers[1] = Int64(try reader.int32(field))
      case 2, 536_870_911: integers[field.number] = try reader.int64(field)
      case 3, 4: integers[field.number] = Int64(bitPattern: try reader.uint64(field))
      case 5, 6: integers[field.number] = try reader.zigzag(field)
      case 7: integers[7] = try reader.bool(field) ? 1 : 0
      case 8: fixed[8] = UInt64(try reader.fixed32())
      case 9: fixed[9] = try reader.fixed64()
      case 10: float = try reader.float(field)
      case 11: double = try reader.double(field)
      case 12: string = try reader.string(field)
      case 13: bytes = Array(reader.bytes[try reader.range(field)])
      case 14: inner.append(try GoldenMessage(try reader.message(field)))
      case 15, 16, 21, 22: try reader.append(int64s: &lists[field.number, default: []], field)
      case 17, 18: try reader.append(floats: &floats[field.number, default: []], field)
      case 19, 20: try reader.append(doubles: &doubles[field.number, default: []], field)
      case 23: texts.append(try reader.string(field))
      default: try reader.skip(field)
      }
    }
  }

  static func golden() throws -> [(name: String, bytes: [UInt8])] {
    let path = PackageRoot.path(#filePath).appending("Tests/OpzWireTests/Fixtures/golden.txt").string
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
      let parts = line.split(separator: " ").map { Array($0.utf8) }
      let digits = parts.count > 1 ? parts[1] : []
      let bytes = stride(from: 0, to: digits.count, by: 2).map {
        UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16) ?? 0
      }
      return (String(decoding: parts[0], as: UTF8.self), bytes)
    }
  }
}

@Suite("Messages of the protobuf library")
struct WireGoldenTests {
  /// What `scripts/make-wire-fixtures` puts into its messages, and the same written by `WireWriter`.
  static let expected: [String: (GoldenMessage, WireWriter)] = [
    "empty": (GoldenMessage(), WireWriter()),
    "zeros": made {
      $0.integers = [1: 0, 2: 0, 7: 0]
      $0.float = 0
      $0.string = ""
      $0.bytes = []
      $0.inner = [GoldenMessage()]
      for number in [1, 2, 7] { $1.put(number, int64: 0) }
      $1.put(10, float: 0)
      $1.put(12, string: "")
      $1.put(13, bytes: [])
      $1.put(14, message: WireWriter())
    },
    "least": made {
      $0.integers = [1: -2_147_483_648, 2: .min, 5: -2_147_483_648, 6: .min]
      $0.float = -.infinity
      $0.double = -.infinity
      $1.put(1, int64: -2_147_483_648)
      $1.put(2, int64: .min)
      $1.put(5, zigzag: -2_147_483_648)
      $1.put(6, zigzag: .min)
      $1.put(10, float: -.infinity)
      $1.put(11, double: -.infinity)
    },
    "nested": made {
      var deep = GoldenMessage()
      deep.string = "deep"
      var middle = GoldenMessage()
      middle.integers = [1: 7]
      middle.inner = [deep]
      $0.inner = [middle]
      var innermost = WireWriter()
      innermost.put(12, string: "deep")
      var inner = WireWriter()
      inner.put(1, int64: 7)
      inner.put(14, message: innermost)
      $1.put(14, message: inner)
    },
    "texts": made {
      $0.string = "Grüße, 世界"
      $0.bytes = [0, 255, 128]
      $0.texts = ["", "a", "bc"]
      $1.put(12, string: "Grüße, 世界")
      $1.put(13, bytes: [0, 255, 128])
      for text in ["", "a", "bc"] { $1.put(23, string: text) }
    },
    "lists": made {
      $0.lists = [15: [0, -1, 127, 128, 1 << 62], 16: [3, 270, 86942], 21: [1, 0], 22: [0, 1]]
      $0.floats = [17: [0, -1.5, 3.25], 18: [1, 2]]
      $0.doubles = [19: [0.1, 1e300], 20: [-0.5]]
      $1.put(15, packed: [0, -1, 127, 128, 1 << 62] as [Int64])
      for value: Int64 in [3, 270, 86942] { $1.put(16, int64: value) }
      $1.put(17, packed: [0, -1.5, 3.25] as [Float])
      for value: Float in [1, 2] { $1.put(18, float: value) }
      $1.put(19, packed: [0.1, 1e300] as [Double])
      $1.put(20, double: -0.5)
      $1.put(21, packed: [1, 0] as [Int64])
      for value in [false, true] { $1.put(22, bool: value) }
    },
    "last": made {
      $0.integers = [536_870_911: -5]
      $1.put(536_870_911, int64: -5)
    },
  ]

  private static func made(
    _ fill: (inout GoldenMessage, inout WireWriter) -> Void
  ) -> (GoldenMessage, WireWriter) {
    var (message, writer) = (GoldenMessage(), WireWriter())
    fill(&message, &writer)
    return (message, writer)
  }

  @Test("are read to the same values, and written to the same bytes")
  func equal() throws {
    let golden = try GoldenMessage.golden()
    #expect(golden.count == 9)
    for (name, bytes) in golden {
      guard let (message, writer) = WireGoldenTests.expected[name] else { continue }
      #expect(try GoldenMessage(WireReader(bytes)) == message, "\(name)")
      #expect(writer.bytes == bytes, "\(name)")
    }
  }

  @Test("have every type of number at its limits")
  func numbers() throws {
    let golden = Dictionary(uniqueKeysWithValues: try GoldenMessage.golden())
    let greatest = try GoldenMessage(WireReader(golden["greatest"] ?? []))
    #expect(greatest.integers == [1: 2_147_483_647, 2: .max, 3: 4_294_967_295, 4: -1, 5: 2_147_483_647, 6: .max, 7: 1])
    #expect(greatest.fixed == [8: 4_294_967_295, 9: .max])
    let numbers = try GoldenMessage(WireReader(golden["numbers"] ?? []))
    #expect(numbers.integers == [1: -1, 2: 300, 3: 150, 5: -2, 6: 1])
    #expect(numbers.fixed == [8: 0x0102_0304, 9: 0x0102_0304_0506_0708])
    #expect(numbers.float == 1.5 && numbers.double == -2.25)
  }

  @Test("are passed over field by field, and their lists are read element by element")
  func elements() throws {
    for (name, bytes) in try GoldenMessage.golden() {
      var reader = try WireReader(bytes)
      while let field = try reader.next() { try reader.skip(field) }
      #expect(reader.position == bytes.count, "\(name)")
    }
    let lists = try WireReader(Dictionary(uniqueKeysWithValues: try GoldenMessage.golden())["lists"] ?? [])
    let integers: [Int: [Int64]] = [
      15: [0, -1, 127, 128, 1 << 62], 16: [3, 270, 86942], 21: [1, 0], 22: [0, 1], 3: [],
    ]
    for (number, expected) in integers {
      var numbers = WireNumbers(lists, field: number)
      var found: [Int64] = []
      while let value = try numbers.nextInteger() { found.append(value) }
      #expect(found == expected)
    }
    for (number, expected) in [17: [0, -1.5, 3.25], 18: [1, 2]] as [Int: [Float]] {
      var numbers = WireNumbers(lists, field: number)
      var found: [Float] = []
      while let value = try numbers.nextFloat() { found.append(value) }
      #expect(found == expected)
    }
  }
}
