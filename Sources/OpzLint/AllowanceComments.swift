import OpzYAML

/// Finds `# opz:allow CODE reason` in a text.
///
/// At the end of a line it is about that line; on a line of its own, about what the next line begins, with all that is indented below it; before
/// the first key of a document, about the whole document.
enum AllowanceComments {
  private static let marker = "opz:allow "

  static func all(in stream: YAMLStream, file: String) -> [Allowance] {
    guard contains(stream.bytes, Array(marker.utf8)) else { return [] }
    return stream.parts.flatMap { part in
      let lines = stream.text(part).split(separator: "\n", omittingEmptySubsequences: false)
      return lines.indices.flatMap { index -> [Allowance] in
        guard let (text, column, alone) = comment(lines[index]) else { return [] }
        let covered = alone ? block(after: index, lines) : index...index
        return Allowance.read(
          text, file: file, place: Place(line: index + part.lines + 1, column: column),
          scope: .lines(covered.lowerBound + part.lines + 1...covered.upperBound + part.lines + 1))
      }
    }
  }

  private static func contains(_ bytes: [UInt8], _ pattern: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { bytes in
      guard bytes.count >= pattern.count else { return false }
      for start in 0...(bytes.count - pattern.count) where bytes[start] == pattern[0] {
        if (1..<pattern.count).allSatisfy({ bytes[start + $0] == pattern[$0] }) { return true }
      }
      return false
    }
  }

  private static func comment(_ line: Substring) -> (text: String, column: Int, alone: Bool)? {
    guard line.contains(marker) else { return nil }
    for hash in line.indices where line[hash] == "#" {
      let before = line[..<hash]
      let after = line[line.index(after: hash)...].drop(while: \.isWhitespace)
      guard before.last.map(\.isWhitespace) ?? true, after.hasPrefix(marker) else { continue }
      let alone = before.allSatisfy(\.isWhitespace)
      return (String(after.dropFirst(marker.count)), before.unicodeScalars.count + 1, alone)
    }
    return nil
  }

  /// From the next line that says something to the last one that is indented more.
  private static func block(after index: Int, _ lines: [Substring]) -> ClosedRange<Int> {
    func says(_ line: Substring) -> Bool {
      let text = line.drop(while: \.isWhitespace)
      return !text.isEmpty && !text.hasPrefix("#")
    }
    func indent(_ line: Substring) -> Int { line.prefix { $0 == " " }.count }
    guard let first = lines[(index + 1)...].firstIndex(where: says) else { return index...index }
    if !lines[..<index].contains(where: { says($0) && !$0.hasPrefix("---") }) { return 0...(lines.count - 1) }
    var last = first
    for line in lines[(first + 1)...].indices {
      guard !says(lines[line]) || indent(lines[line]) > indent(lines[first]) else { break }
      last = line
    }
    return first...last
  }
}
