import OpzTestKit
import OpzWire
import Testing

@Suite("Bytes that are not messages")
struct WireHostileTests {
  @Test(
    "are refused with the place and the reason",
    arguments: [
      ([0x00], 0, "no field"), ([0x07], 0, "no field"), ([0x0b, 0x0c], 0, "group"), ([0x0c], 0, "group"),
      ([0x0e, 1], 0, "does not exist"), ([0x0f], 0, "does not exist"),
      ([0x08], 1, "ends within a number"), ([0x08, 0x80], 1, "ends within a number"),
      ([0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], 1, "more than 64 bits"),
      ([0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 0], 1, "more than ten bytes"),
      ([0xff, 0xff, 0xff, 0xff, 0x7f, 0], 0, "no field"),
      ([0x0d, 1, 2, 3], 1, "4 bytes are announced and 3"), ([0x09, 1, 2, 3, 4, 5, 6, 7], 1, "8 bytes are announced"),
      ([0x0a, 3, 1, 2], 1, "more bytes than are left"),
      ([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1], 1, "more bytes than are left"),
      ([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1], 1, "more bytes than are left"),
    ] as [([UInt8], Int, String)])
  func refused(bytes: [UInt8], offset: Int, reason: String) throws {
    let failure = #expect(throws: WireFailure.self) {
      var reader = try WireReader(bytes)
      while let field = try reader.next() { try reader.skip(field) }
    }
    #expect(failure?.offset == offset && failure?.reason.contains(reason) == true, "\(String(describing: failure))")
    #expect(failure?.description.hasPrefix("at byte \(offset): ") == true)
  }

  @Test("a value that is stored in another way is refused, and so are texts that are not UTF-8 and cut lists")
  func types() throws {
    func failure(_ bytes: [UInt8], _ read: (inout WireReader, WireField) throws -> Void) -> String? {
      do {
        var reader = try WireReader(bytes)
        guard let field = try reader.next() else { return nil }
        try read(&reader, field)
        return nil
      } catch { return "\(error)" }
    }
    #expect(
      failure([0x0d, 0, 0, 0, 0]) { _ = try $0.int64($1) } == "at byte 1: field 1 is stored as fixed32, not as varint")
    #expect(failure([0x08, 1]) { _ = try $0.float($1) }?.contains("not as fixed32") == true)
    #expect(failure([0x08, 1]) { _ = try $0.double($1) }?.contains("not as fixed64") == true)
    #expect(failure([0x08, 1]) { _ = try $0.string($1) }?.contains("not as lengthDelimited") == true)
    #expect(failure([0x0a, 2, 0xc3, 0x28]) { _ = try $0.string($1) } == "at byte 2: a text that is not UTF-8")
    var floats: [Float] = []
    #expect(failure([0x0a, 3, 0, 0, 0]) { try $0.append(floats: &floats, $1) }?.contains("3 bytes of numbers") == true)
    var doubles: [Double] = []
    #expect(failure([0x0a, 4, 0, 0, 0, 0]) { try $0.append(doubles: &doubles, $1) }?.contains("of 8 bytes") == true)
    var integers: [Int64] = []
    #expect(failure([0x0a, 2, 5, 0x80]) { try $0.append(int64s: &integers, $1) }?.contains("ends within") == true)
    #expect(floats.isEmpty && doubles.isEmpty && integers == [5])
  }

  @Test("size, depth and lists are bounded")
  func limits() throws {
    var limits = WireLimits()
    limits.size = 10
    #expect(throws: WireFailure.self) { try WireReader([UInt8](repeating: 0, count: 11), limits: limits) }
    limits.elements = 3
    var list = WireWriter()
    list.put(1, packed: [1, 2, 3, 4] as [Int64])
    var reader = try WireReader(list.bytes, limits: limits)
    var found: [Int64] = []
    let field = try #require(try reader.next())
    #expect(throws: WireFailure.self) { try reader.append(int64s: &found, field) }

    var deep = WireWriter()
    for _ in 0..<200 {
      var outer = WireWriter()
      outer.put(1, message: deep)
      deep = outer
    }
    var depth = 0
    let failure = #expect(throws: WireFailure.self) {
      var reader = try WireReader(deep.bytes)
      while let field = try reader.next() {
        reader = try reader.message(field)
        depth += 1
      }
    }
    #expect(depth == 100 && failure?.reason.contains("deeper than 100") == true)
  }

  @Test("random and changed bytes are an error or a message, never a trap", arguments: 0..<10)
  func changed(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let golden = try GoldenMessage.golden().map(\.bytes)
    for _ in 0..<300 {
      var bytes = golden.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 1..<4, using: &random) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let bytesToTry: [UInt8] = [0, 0x80, 0xff, UInt8.random(in: .min ... .max, using: &random)]
        let byte = bytesToTry.randomElement(using: &random) ?? 0
        if place < bytes.count, Bool.random(using: &random) {
          bytes[place] = byte
        } else {
          bytes.insert(byte, at: place)
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
          bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
        }
      }
      do { _ = try GoldenMessage(WireReader(bytes)) } catch let failure as WireFailure {
        #expect((0...bytes.count).contains(failure.offset))
      }
      for number in 1..<24 {
        if var numbers = (try? WireReader(bytes)).map({ WireNumbers($0, field: number) }) {
          while (try? numbers.nextInteger()) != nil {}
        }
        if var numbers = (try? WireReader(bytes)).map({ WireNumbers($0, field: number) }) {
          while (try? numbers.nextFloat()) != nil {}
        }
      }
    }
  }
}
