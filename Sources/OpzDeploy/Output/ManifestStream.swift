/// A YAML stream that opz wrote, split into documents without a YAML parser. That works because opz writes line
/// breaks in text as escapes, so each line is either structure or a comment.
public struct ManifestStream: Sendable {
  public let documents: [ManifestDocument]

  /// Splits a stream that opz wrote.
  public init(_ text: String) {
    var found: [ManifestDocument] = []
    var lines: [Substring] = []
    func close() {
      if !lines.isEmpty { found.append(ManifestDocument(lines)) }
      lines = []
    }
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
      if line == "---" { close() } else { lines.append(line) }
    }
    close()
    documents = found
  }

  /// Creates a stream of documents, in this order.
  public init(_ documents: [ManifestDocument]) { self.documents = documents }

  /// The documents, each preceded by `---`.
  public var text: String { documents.map { "---\n" + $0.text }.joined() }

  /// The changes from these objects to others, object by object, in the format of `diff -u`; empty where there are
  /// none.
  public func difference(to new: ManifestStream) -> String {
    var text = ""
    for document in new.documents {
      text += LineDiff.unified(document.name, from: self[document.identity]?.text, to: document.text)
    }
    for document in gone(in: new) { text += LineDiff.unified(document.name, from: document.text, to: nil) }
    return text
  }

  /// The objects that are missing from `new`.
  public func gone(in new: ManifestStream) -> [ManifestDocument] { documents.filter { new[$0.identity] == nil } }

  private subscript(_ identity: ManifestDocument.Identity) -> ManifestDocument? {
    documents.first { $0.identity == identity }
  }
}
