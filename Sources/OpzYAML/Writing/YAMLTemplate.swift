/// Text that stands in a document as it is: a template's expressions in place of scalars, and lines in place of members.
public struct YAMLTemplate: Sendable {
  struct Lines: Sendable {
    let replaces: Bool
    let text: @Sendable (_ indent: Int) -> [String]
  }

  /// What texts of the document itself become, so that no reader takes them for the template's.
  let escaping: @Sendable (String) -> String
  private(set) var scalars: [[String]: String] = [:]
  private(set) var members: [[String]: [Lines]] = [:]

  /// - Parameter escaping: what a key, text or comment of the document becomes, once it is written as YAML.
  public init(escaping: @escaping @Sendable (String) -> String) { self.escaping = escaping }

  /// Puts a text in place of a value.
  /// - Parameter path: keys, and numbers in lists.
  public mutating func put(_ text: String, at path: [String]) { scalars[path] = text }

  /// Puts lines in place of a member, or before it, after those that were put there before. Behind a dash, where a mapping in a list begins, none can stand.
  /// - Parameter lines: without the indentation, which they are told; an empty one stays empty.
  public mutating func put(
    at path: [String], replacing: Bool, lines: @escaping @Sendable (_ indent: Int) -> [String]
  ) {
    members[path, default: []].append(Lines(replaces: replacing, text: lines))
  }
}
