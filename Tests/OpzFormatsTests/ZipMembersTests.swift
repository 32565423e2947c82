import OpzModel
import Testing

@testable import OpzFormats

@Suite("Zip archives of the static server")
struct ZipMembersTests {
  private static let members = [
    StoredZip.Member(name: "1.npy", content: Array("first".utf8)),
    StoredZip.Member(name: "schema.json", content: Array("{}".utf8)),
  ]

  private func reason(_ bytes: [UInt8]) -> String? {
    do {
      let archive = try ZipMembers(bytes, name: "model.skops")
      for name in archive.names { _ = try archive.content(name) }
      return nil
    } catch { return "\(error)" }
  }

  @Test("stored members are read by name")
  func stored() throws {
    let archive = try ZipMembers(StoredZip.archive(ZipMembersTests.members), name: "model.skops")
    #expect(try archive.content("1.npy").map { Array($0) } == Array("first".utf8))
    #expect(try archive.content("2.npy") == nil)
    #expect(Set(archive.names) == ["1.npy", "schema.json"])
  }

  @Test("what two readers could understand in two ways is refused, and the error says what")
  func ambiguous() {
    func refused(_ members: [StoredZip.Member] = ZipMembersTests.members, _ change: (inout StoredZip.Faults) -> Void)
      -> String
    {
      var faults = StoredZip.Faults()
      change(&faults)
      return reason(StoredZip.archive(members, faults)) ?? "read"
    }
    #expect(refused { $0.crc = 7 }.contains("checksum"))
    #expect(refused { $0.flags = 1 }.contains("encrypted"))
    #expect(refused { $0.flags = 0x40 }.contains("encrypted"))
    #expect(refused { $0.method = 12 }.contains("neither stored nor deflated"))
    #expect(refused { $0.method = 8 }.contains("does not inflate"))
    #expect(refused { $0.localSize = 1 }.contains("two descriptions"))
    #expect(refused { $0.overlap = 3 }.contains("not where the directory says"))
    #expect(refused { $0.prefix = [1, 2, 3] }.contains("begins with other bytes"))
    #expect(refused { $0.suffix = [0] }.contains("other bytes follow"))
    #expect(refused(ZipMembersTests.members + [ZipMembersTests.members[0]]) { _ in }.contains("duplicate member 1.npy"))
  }

  @Test("an archive that is cut off anywhere is an error")
  func cut() {
    let bytes = StoredZip.archive(ZipMembersTests.members)
    for count in 0..<bytes.count { #expect(reason(Array(bytes[..<count])) != nil) }
  }

  @Test("any changed byte is an error or leaves an archive that can be read")
  func changed() {
    let bytes = StoredZip.archive(ZipMembersTests.members)
    var refused = 0
    for index in bytes.indices {
      for change in [1, 0x80, 0xff] as [UInt8] {
        var other = bytes
        other[index] ^= change
        if reason(other) != nil { refused += 1 }
      }
    }
    // Times, versions and attributes mean nothing here; all else does.
    #expect(refused > bytes.count * 3 / 2)
  }
}

@Suite("Arrays of numpy")
struct NumpyArrayTests {
  /// A file of version 1.
  private func file(_ header: String, _ content: [UInt8]) -> [UInt8] {
    let text = Array(header.utf8)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count & 255), UInt8(text.count >> 8)] + text + content
  }

  private func array(_ type: String, _ shape: String, content: [UInt8], order: String = "False") throws -> NumpyArray {
    let header = "{'descr': \(type), 'fortran_order': \(order), 'shape': \(shape), }\n"
    return try NumpyArray(npy: file(header, content)[...], place: "a.npy")
  }

  @Test("numbers of all widths, either order of bytes, and both orders of axes are read")
  func numbers() throws {
    #expect(try array("'<i2'", "(2,)", content: [1, 0, 0xff, 0xff]).integers() == [1, -1])
    #expect(try array("'>i2'", "(2,)", content: [0, 1, 0xff, 0xff]).integers() == [1, -1])
    #expect(try array("'|u1'", "(2, 3)", content: [1, 2, 3, 4, 5, 6]).integers() == [1, 2, 3, 4, 5, 6])
    #expect(try array("'|u1'", "(2, 3)", content: [1, 2, 3, 4, 5, 6], order: "True").integers() == [1, 3, 5, 2, 4, 6])
    #expect(try array("'|b1'", "()", content: [1]).doubles() == [1])
    #expect(try array("'<f8'", "(1,)", content: [0, 0, 0, 0, 0, 0, 0xf8, 0x3f]).doubles() == [1.5])
    #expect(try array("'<U2'", "(1,)", content: [0x61, 0, 0, 0, 0, 0, 0, 0]).texts() == ["a"])
  }

  @Test("a member of records is read with what lies between")
  func records() throws {
    let type = "[('a', '<u2'), ('', '|V1'), ('b', '|u1')]"
    let array = try array(type, "(2,)", content: [1, 0, 9, 2, 3, 0, 9, 4])
    #expect(try array.field("a")?.integers() == [1, 3])
    #expect(try array.field("b")?.integers() == [2, 4])
    #expect(array.field("c") == nil)
  }

  @Test(
    "an array that is none is an error",
    arguments: [
      ("'<f8'", "(2,)", "8 bytes for an array of 2"), ("'<f8'", "(4611686018427387904, 8)", "too large"),
      ("'<f8'", "(-1,)", "header"), ("'|O'", "(1,)", "the type |O"), ("'<f9223372036854775807'", "(1,)", "the type"),
      ("'<U0'", "(9223372036854775807,)", "for an array"), ("[('a', [('b', '<f8')])]", "(1,)", "not one number"),
      ("'<f8'", "(1", "header"), ("'<f8'", "((((((((((1))))))))))", "header"), ("'<f2'", "(4,)", "whole numbers"),
    ])
  func damaged(type: String, shape: String, reason: String) {
    let error = #expect(throws: ModelError.self) {
      try array(type, shape, content: [UInt8](repeating: 0, count: 8)).doubles()
    }
    let found = error?.reason ?? ""
    #expect(found.contains(reason), "\(found)")
  }
}
