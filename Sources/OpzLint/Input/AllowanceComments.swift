import OpzYAML

/// Finds `# opz:allow CODE reason` comments in a text.
///
/// At the end of a line, the comment applies to that line. On its own line, it applies to the next line and
/// everything that is indented below it. Before the first key of a document, it applies to the whole document.
enum AllowanceComments {
  private static let marker = "opz:allow "
  /// The number of comments that are read from a file; later ones allow nothing. Otherwise a file with a million
  /// comments would be compared with all its findings.
  static let limit = 2000

  static func all(in stream: YAMLStream, file: String) -> [Allowance] {
    guard contains(stream.bytes, Array(marker.utf8)) else { return [] }
    var found: [Allowance] = []
    for part in stream.parts {
      let lines = stream.text(part).split(separator: "\n", omittingEmptySubsequences: false)
      var blocks: IndentedBlocks?
      for index in lines.indices {
        guard found.count < limit else { return found }
        guard let (text, column, isAlone) = comment(lines[index]) else { continue }
        if blocks == nil { blocks = IndentedBlocks(lines) }
        let covered = (isAlone ? blocks?.after(index) : nil) ?? index...index
        found += Allowance.read(
          text, file: file, place: Place(line: index + part.lines + 1, column: column),
          scope: .lines(covered.lowerBound + part.lines + 1...covered.upperBound + part.lines + 1))
      }
    }
    return found
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

  private static func comment(_ line: Substring) -> (text: String, column: Int, isAlone: Bool)? {
    guard line.contains(marker) else { return nil }
    for hash in line.indices where line[hash] == "#" {
      let before = line[..<hash]
      let after = line[line.index(after: hash)...].drop(while: \.isWhitespace)
      guard before.last.map(\.isWhitespace) ?? true, after.hasPrefix(marker) else { continue }
      let isAlone = before.allSatisfy(\.isWhitespace)
      return (String(after.dropFirst(marker.count)), before.unicodeScalars.count + 1, isAlone)
    }
    return nil
  }
}
