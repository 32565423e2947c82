import OpzIO

/// A problem with a key of a document.
public struct KeyProblem: Sendable, Hashable {
  /// The location: `opz.yaml:12`, or `--set`.
  public let place: String
  /// The dotted path: `deploy.replicas.min`; empty for the document itself.
  public let key: String
  public let reason: String
  public let hint: String?

  /// Makes a problem. Control characters in the texts, which may come from the file, are escaped, and long texts are
  /// cut.
  public init(place: String, key: String, reason: String, hint: String? = nil) {
    self.place = PrintableText.line(place, limit: 4096)
    self.key = PrintableText.line(key, limit: 160)
    self.reason = PrintableText.line(reason, limit: 400)
    self.hint = hint.map { PrintableText.line($0, limit: 400) }
  }

  public var subject: String { key.isEmpty ? place : "\(place): \(key)" }
}
