import OpzWire
import Testing

@Suite("Lists of numbers")
struct WireListTests {
  @Test("A packed list says its length, whatever its numbers take")
  func packed() throws {
    let edges = (0..<64).flatMap { bit in [1 << bit, (1 << bit) &- 1, 0 &- (1 << bit)] as [Int64] }
    var message = WireWriter()
    message.put(1, packed: edges)
    // One by one, and made as they are asked for.
    message.put(2, packed: edges.lazy.map { $0 &- 1 })
    message.put(3, packed: [] as [Int64])
    var reader = try WireReader(message.bytes)
    var lists: [Int: [Int64]] = [:]
    while let field = try reader.next() { try reader.append(int64s: &lists[field.number, default: []], field) }
    #expect(lists == [1: edges, 2: edges.map { $0 &- 1 }])
  }

  @Test("The fields that were passed over are known")
  func passed() throws {
    var message = WireWriter()
    message.put(1, packed: [1, 2] as [Int64])
    message.put(2, packed: [1] as [Int64])
    message.put(100, bool: true)
    var numbers = WireNumbers(try WireReader(message.bytes), field: 1)
    while try numbers.nextInteger() != nil {}
    #expect(numbers.hasPassed(field: 2) && !numbers.hasPassed(field: 1) && !numbers.hasPassed(field: 3))
    #expect(!numbers.hasPassed(field: 100) && !numbers.hasPassed(field: -1))
  }
}
