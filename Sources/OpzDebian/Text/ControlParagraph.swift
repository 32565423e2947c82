import OpzIO

/// One paragraph of a control file: of `Packages`, `Release`, dpkg's `status`, a `.sources` file (deb-control(5),
/// deb822(5)).
public struct ControlParagraph: Sendable {
  private let values: [String: String]
  /// The names of the fields, as they are written and in their order.
  public let names: [String]

  /// The value of a field, whose name is not case-sensitive; nil without one. Lines of a value are joined with a line
  /// feed, without the space that each begins with; a line of a single dot is empty.
  public subscript(_ name: String) -> String? { values[name.lowercased()] }

  /// The most fields of a paragraph.
  private static let mostFields = 1_000

  /// Reads all paragraphs of a text.
  /// - Parameters:
  ///   - bytes: of the text; what is not UTF-8 in values is replaced.
  ///   - subject: the text's name in errors.
  ///   - limit: the most paragraphs.
  /// - Throws: `DebianError` for a line that is no field, a field that is there twice, and too many of them.
  public static func all(
    in bytes: some Collection<UInt8>, subject: String, limit: Int = 200_000
  ) throws -> [ControlParagraph] {
    var found: [ControlParagraph] = []
    var draft = Draft(subject: subject)
    var number = 0
    func finish() throws {
      if let paragraph = draft.finished() {
        guard found.count < limit else {
          throw DebianError(.overLimit, subject, reason: "it has more than \(limit) paragraphs")
        }
        found.append(paragraph)
      }
      draft = Draft(subject: subject)
    }
    for line in bytes.split(separator: 10, omittingEmptySubsequences: false) {
      number += 1
      if line.allSatisfy({ $0 == 32 || $0 == 9 || $0 == 13 }) {
        try finish()
      } else {
        try draft.add(line, number: number, most: mostFields)
      }
    }
    try finish()
    return found
  }

  private struct Draft {
    let subject: String
    private var values: [String: String] = [:]
    private var names: [String] = []
    private var last: String?
    private var lines: [String] = []

    init(subject: String) { self.subject = subject }

    mutating func add(_ line: some Collection<UInt8>, number: Int, most: Int) throws {
      guard let first = line.first, first != UInt8(ascii: "#") else { return }
      if first == 32 || first == 9 {
        guard last != nil else { throw malformed("it continues no field", number) }
        let text = ControlParagraph.text(line.dropFirst())
        lines.append(text == "." ? "" : text)
        return
      }
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon != line.startIndex,
        line[..<colon].allSatisfy({ (33...126).contains($0) }), first != UInt8(ascii: "-")
      else { throw malformed("it is no field", number) }
      close()
      let name = String(decoding: line[..<colon], as: UTF8.self)
      let key = name.lowercased()
      guard values[key] == nil else { throw malformed("the field \(name.prefix(80)) is there twice", number) }
      guard names.count < most else {
        throw DebianError(.overLimit, subject, reason: "a paragraph has more than \(most) fields")
      }
      names.append(name)
      values[key] = ""
      last = key
      lines = [ControlParagraph.text(line[line.index(after: colon)...].drop { $0 == 32 || $0 == 9 })]
    }

    private mutating func close() {
      if let last { values[last] = lines.joined(separator: "\n") }
    }

    mutating func finished() -> ControlParagraph? {
      close()
      return names.isEmpty ? nil : ControlParagraph(values: values, names: names)
    }

    private func malformed(_ reason: String, _ number: Int) -> DebianError {
      DebianError(.malformed, "\(subject):\(number)", reason: reason)
    }
  }

  /// The line's text without what ends it.
  private static func text(_ bytes: some Collection<UInt8>) -> String {
    var bytes = Array(bytes)
    while let last = bytes.last, last == 32 || last == 9 || last == 13 { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}
