import OpzYAML

/// Allows a finding, with a reason: an annotation `opz.dev/allow`, or a comment `# opz:allow CODE reason`.
struct Allowance: Sendable {
  enum Scope: Sendable {
    case object(String)
    case lines(ClosedRange<Int>)
  }

  static let annotation = "opz.dev/allow"

  let code: String
  let reason: String
  let file: String
  let place: Place
  let scope: Scope

  func covers(_ finding: Finding) -> Bool {
    guard finding.code == code, finding.file == file else { return false }
    return switch scope {
    case .object(let title): finding.object == title
    case .lines(let lines): lines.contains(finding.line)
    }
  }

  /// Parses `OPZ101: reason; OPZ102, OPZ103: reason`. A part that does not start with a code belongs to the previous
  /// reason.
  static func read(_ text: String, file: String, place: Place, scope: Scope) -> [Allowance] {
    var parts: [(codes: [String], reason: String)] = []
    for piece in text.split(whereSeparator: { $0 == ";" || $0.isNewline }) {
      let (codes, reason) = codes(piece)
      if codes.isEmpty, let last = parts.popLast() {
        parts.append((last.codes, "\(last.reason); \(reason)"))
      } else {
        parts.append((codes.isEmpty ? [String(reason.prefix(40))] : codes, codes.isEmpty ? "" : reason))
      }
    }
    return parts.flatMap { part in
      part.codes.map { Allowance(code: $0, reason: part.reason, file: file, place: place, scope: scope) }
    }
  }

  private static func codes(_ text: Substring) -> (codes: [String], reason: String) {
    var (rest, codes) = (text.drop(while: \.isWhitespace), [String]())
    while rest.hasPrefix("OPZ") {
      let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
      codes.append(String(word))
      rest = rest[word.endIndex...].drop { $0.isWhitespace || $0 == "," }
    }
    if rest.first == ":" { rest = rest.dropFirst() }
    let reason = rest.drop(while: \.isWhitespace)
    return (codes, String(reason))
  }
}
