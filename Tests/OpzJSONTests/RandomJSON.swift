import OpzJSON
import OpzTestKit

/// Documents with every kind of value, and difficult strings.
enum RandomJSON {
  static func document(_ generator: inout SeededGenerator, depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth > 4 ? 6 : 8), using: &generator) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &generator))
    case 2:
      return .integer(Int64.random(in: .min ... .max, using: &generator) >> Int64.random(in: 0..<64, using: &generator))
    case 3:
      let number = Double.random(in: -1...1, using: &generator)
      return .number(number == 0 ? 0.5 : number)
    case 4, 5: return .string(text(&generator))
    case 6:
      return .array((0..<Int.random(in: 0...4, using: &generator)).map { _ in document(&generator, depth: depth + 1) })
    default:
      var members: [String: JSONValue] = [:]
      for _ in 0..<Int.random(in: 0...4, using: &generator) {
        members[text(&generator)] = document(&generator, depth: depth + 1)
      }
      return .object(members)
    }
  }

  private static func text(_ generator: inout SeededGenerator) -> String {
    let letters = Array("abcdefghij\"\\/\u{1}\n\té\u{1F600}\u{10FFFF}\u{2028} {}[]:,0")
    return String(
      (0..<Int.random(in: 0...20, using: &generator)).map { _ in letters.randomElement(using: &generator) ?? "a" })
  }
}
