/// Manifests as they were kept: the documents of a stream that opz wrote, found without a YAML reader. opz writes a line break in a text as
/// an escape, so a line is either structure or a comment.
public struct ManifestStream: Sendable {
  public let documents: [ManifestDocument]

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

  public init(_ documents: [ManifestDocument]) { self.documents = documents }

  /// The documents, each after `---`.
  public var text: String { documents.map { "---\n" + $0.text }.joined() }

  /// What changes from these objects to others, object by object, as `diff -u` writes it; empty where nothing does.
  public func difference(to new: ManifestStream) -> String {
    var text = ""
    for document in new.documents {
      text += LineDiff.unified(document.name, self[document.identity]?.text, document.text)
    }
    for document in gone(in: new) { text += LineDiff.unified(document.name, document.text, nil) }
    return text
  }

  /// The objects that the others do not have.
  public func gone(in new: ManifestStream) -> [ManifestDocument] { documents.filter { new[$0.identity] == nil } }

  private subscript(_ identity: ManifestDocument.Identity) -> ManifestDocument? {
    documents.first { $0.identity == identity }
  }
}
