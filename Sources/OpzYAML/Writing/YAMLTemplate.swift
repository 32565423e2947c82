/// Raw text to insert into a document: a template's expressions in place of values, and lines in place of members.
public struct YAMLTemplate: Sendable {
  struct Lines: Sendable {
    let replaces: Bool
    let text: @Sendable (_ indent: Int) -> [String]
  }

  /// Escapes texts of the document itself, so that no reader takes them for expressions of the template.
  let escaping: @Sendable (String) -> String
  private(set) var scalars: [[String]: String] = [:]
  private(set) var members: [[String]: [Lines]] = [:]

  /// - Parameter escaping: escapes a key, text or comment of the document after it was formatted as YAML.
  public init(escaping: @escaping @Sendable (String) -> String) { self.escaping = escaping }

  /// Inserts a raw text in place of a value.
  /// - Parameters:
  ///   - text: the text, written unchanged.
  ///   - path: the keys, and the indexes in lists, that lead to the value.
  public mutating func put(_ text: String, at path: [String]) { scalars[path] = text }

  /// Inserts lines in place of a member or before it, after lines that were inserted there before. Lines for the
  /// first member of a mapping in a list are ignored, because a dash precedes it.
  /// - Parameters:
  ///   - path: the keys, and the indexes in lists, that lead to the member.
  ///   - replacing: whether the member itself is dropped.
  ///   - lines: receives the indentation in spaces and returns lines without it; empty lines stay empty.
  public mutating func put(
    at path: [String], replacing: Bool, lines: @escaping @Sendable (_ indent: Int) -> [String]
  ) {
    members[path, default: []].append(Lines(replaces: replacing, text: lines))
  }
}
