/// The form of a token: literal characters, and runs of known length from an alphabet.
///
/// Written as `ghp_<a36>`: a letter of `Alphabet` and a number of characters or a range, `<w20-64>`. Runs before the first
/// literal are read backwards from it, and each has one length.
struct TokenShape: Sendable {
  private enum Part: Sendable {
    case literal([UInt8])
    case run(Alphabet, ClosedRange<Int>)
  }

  /// The first literal.
  let anchor: [UInt8]
  private let before: [Part]
  private let after: [Part]

  init(_ text: String) {
    var parts: [Part] = []
    for piece in text.split(separator: "<", omittingEmptySubsequences: false) {
      guard let end = piece.firstIndex(of: ">") else {
        if !piece.isEmpty { parts.append(.literal(Array(piece.utf8))) }
        continue
      }
      let numbers = piece[piece.index(after: piece.startIndex)..<end].split(separator: "-").compactMap { Int($0) }
      guard let alphabet = piece.first.flatMap(Alphabet.init(letter:)), let least = numbers.first,
        let most = numbers.last
      else { preconditionFailure("not a shape: \(text)") }
      parts.append(.run(alphabet, least...most))
      let rest = piece[piece.index(after: end)...]
      if !rest.isEmpty { parts.append(.literal(Array(rest.utf8))) }
    }
    let first = parts.firstIndex { if case .literal = $0 { true } else { false } }
    guard let first, case .literal(let literal) = parts[first] else { preconditionFailure("no literal: \(text)") }
    anchor = literal
    before = Array(parts[..<first])
    after = Array(parts[(first + 1)...])
  }

  /// The token whose anchor begins at `index`, with no letter, digit or underscore directly before or after it.
  func match(_ text: SearchText, at index: Int) -> Range<Int>? {
    guard text.has(anchor, at: index) else { return nil }
    var start = index
    for part in before.reversed() {
      guard case .run(let alphabet, let length) = part else { return nil }
      let from = text.start(of: alphabet, before: start, limit: length.upperBound)
      guard length.contains(start - from) else { return nil }
      start = from
    }
    guard text.isBoundary(before: start) || !Alphabet.word.contains(text.bytes[start]) else { return nil }
    var end = index + anchor.count
    for (number, part) in after.enumerated() {
      switch part {
      case .literal(let literal):
        guard text.has(literal, at: end) else { return nil }
        end += literal.count
      case .run(let alphabet, let length):
        var next = text.end(of: alphabet, from: end, limit: length.upperBound + 1)
        // A sentence may end with the token.
        if number == after.count - 1, alphabet.contains(UInt8(ascii: ".")), next > end,
          text.bytes[next - 1] == UInt8(ascii: ".")
        {
          next -= 1
        }
        guard length.contains(next - end) else { return nil }
        end = next
      }
    }
    if let next = text.byte(end), Alphabet.word.contains(next) { return nil }
    return start..<end
  }
}
