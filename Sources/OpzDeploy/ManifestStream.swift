/// Manifests as they were kept: the documents of a stream that opz wrote, found without a YAML reader. opz writes a line break in a text as
/// an escape, so a line is either structure or a comment.
public struct ManifestStream: Sendable {
  public struct Document: Sendable, Hashable {
    /// `Deployment churn`
    public let name: String
    public let text: String

    /// `Deployment`
    public var kind: Substring { name.prefix { $0 != " " } }
  }

  public let documents: [Document]

  public init(_ text: String) {
    var found: [Document] = []
    var lines: [Substring] = []
    func close() {
      if !lines.isEmpty { found.append(ManifestStream.document(lines)) }
      lines = []
    }
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
      if line == "---" { close() } else { lines.append(line) }
    }
    close()
    documents = found
  }

  private static func document(_ lines: [Substring]) -> Document {
    func value(after prefix: String, in lines: ArraySlice<Substring>) -> Substring {
      lines.first { $0.hasPrefix(prefix) }?.dropFirst(prefix.utf8.count) ?? "?"
    }
    let start = lines.firstIndex(of: "metadata:").map { $0 + 1 } ?? lines.endIndex
    let metadata = lines[start...].prefix { $0.hasPrefix(" ") }
    let kind = value(after: "kind: ", in: lines[...])
    let place = value(after: "  namespace: ", in: metadata)
    let name = "\(kind) \(place == "?" ? "" : place + "/")\(value(after: "  name: ", in: metadata))"
    return Document(name: name, text: lines.joined(separator: "\n") + "\n")
  }

  /// What changes from these objects to others, object by object, as `diff -u` writes it; empty where nothing does.
  public func difference(to new: ManifestStream) -> String {
    var text = ""
    for document in new.documents {
      text += LineDiff.unified(document.name, self[document.name]?.text, document.text)
    }
    for document in gone(in: new) { text += LineDiff.unified(document.name, document.text, nil) }
    return text
  }

  /// The objects that the others do not have.
  public func gone(in new: ManifestStream) -> [Document] { documents.filter { new[$0.name] == nil } }

  private subscript(_ name: String) -> Document? { documents.first { $0.name == name } }
}
