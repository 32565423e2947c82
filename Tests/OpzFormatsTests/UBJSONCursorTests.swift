import OpzJSON
import Testing

@testable import OpzFormats

@Suite("UBJSON")
struct UBJSONCursorTests {
  private func bytes(_ parts: Any...) -> [UInt8] {
    parts.flatMap { part -> [UInt8] in
      switch part {
      case let text as String: Array(text.utf8)
      case let number as Int: [UInt8(truncatingIfNeeded: number)]
      case let list as [Int]: list.map { UInt8(truncatingIfNeeded: $0) }
      default: []
      }
    }
  }

  private func length(_ value: UInt64) -> [Int] {
    (0..<8).reversed().map { Int(truncatingIfNeeded: value >> (8 * UInt64($0))) & 255 }
  }

  @Test("numbers of each type are read, alone and in lists that state the type once")
  func numbers() throws {
    #expect(try UBJSONCursor.read(bytes("[i", [255], "]")) { try $0.integers() } == [-1])
    #expect(
      try UBJSONCursor.read(bytes("[NU", [200], "I", [1, 0], "l", [255, 255, 255, 254], "L", length(1 << 40), "]")) {
        try $0.integers()
      } == [200, 256, -2, 1 << 40])
    #expect(
      try UBJSONCursor.read(bytes("[$l#i", [2], [0, 0, 0, 7, 255, 255, 255, 255])) { try $0.integers32() } == [7, -1])
    #expect(try UBJSONCursor.read(bytes("[$L#i", [1], length(9))) { try $0.integers32() } == [9])
    #expect(
      try UBJSONCursor.read(bytes("[$d#L", length(2), [63, 128, 0, 0, 191, 0, 0, 0])) { try $0.floats() } == [1, -0.5])
    #expect(
      try UBJSONCursor.read(bytes("[#i", [3], "d", [63, 128, 0, 0], "D", length(0x3ff8_0000_0000_0000), "i", [2])) {
        try $0.floats()
      } == [1, 1.5, 2])
    #expect(try UBJSONCursor.read(bytes("[$U#i", [3], [0, 1, 9])) { try $0.flags() } == [0, 1, 9])
    #expect(try UBJSONCursor.read(bytes("[TF]")) { try $0.flags() } == [1, 0])
    #expect(try UBJSONCursor.read(bytes("[$T#i", [2])) { try $0.flags() } == [1, 1])
    #expect(
      try UBJSONCursor.read(bytes("[#i", [2], "i", [5], "d", [63, 192, 0, 0])) { try $0.numerals() } == ["5", "1.5"])
    #expect(try UBJSONCursor.read(bytes("Si", [2], "12")) { try $0.number() } == 12)
  }

  @Test("objects may state their size and type, and what is not read is skipped")
  func objects() throws {
    var found: [String] = []
    let text = bytes(
      "{i", [1], "a[$i#i", [2], [1, 2], "i", [1], "b{$S#i", [1], "i", [1], "xi", [3], "one", "i", [1], "c[[Z][H", "i",
      [2],
      "42C!]]Ni", [1], "dSi", [4], "last}")
    try UBJSONCursor.read(text) { cursor in
      try cursor.object("it") { key, cursor in
        found.append(key)
        if key == "d" { found.append(try cursor.string()) } else { try cursor.skip() }
      }
    }
    #expect(found == ["a", "b", "c", "d", "last"])
  }

  @Test("what promises more than it has, or is no UBJSON, is refused at once")
  func refused() {
    let texts = [
      bytes("[$d#L", length(1 << 60)), bytes("[$d#L", length(UInt64.max)), bytes("[#L", length(1 << 62)),
      bytes("[$Z#L", length(1 << 62)), bytes("[$T#l", [127, 255, 255, 255]), bytes("{#L", length(1 << 62)),
      bytes("[$d", [0]),
      bytes("{L", length(1 << 62)), bytes("{i", [1], "aZi", [1], "aZ}"), bytes("{i", [1], [255], "Z}"), bytes("?"),
      bytes("[i", [1]), bytes(""), bytes("ZZ"), bytes(String(repeating: "[", count: 100_000)),
      bytes("{$"), bytes("["), bytes("{"), bytes("S"), bytes("Si"), bytes("H"),
    ]
    for text in texts {
      #expect(throws: JSONFailure.self) { try UBJSONCursor.read(text) { try $0.skip() } }
      #expect(throws: JSONFailure.self) { try UBJSONCursor.read(text) { try $0.floats() } }
      #expect(throws: JSONFailure.self) { try UBJSONCursor.read(text) { try $0.object("it") { _, c in try c.skip() } } }
    }
  }
}
