import OpzIO

/// What is wrong with a key of a document.
public struct KeyProblem: Sendable, Hashable {
  /// `opz.yaml:12`, or `--set`.
  public let place: String
  /// `deploy.replicas.min`; empty for the document.
  public let key: String
  public let reason: String
  public let hint: String?

  /// The texts may hold what a file says.
  public init(place: String, key: String, reason: String, hint: String? = nil) {
    self.place = PrintableText.line(place, limit: 4096)
    self.key = PrintableText.line(key, limit: 160)
    self.reason = PrintableText.line(reason, limit: 400)
    self.hint = hint.map { PrintableText.line($0, limit: 400) }
  }

  public var subject: String { key.isEmpty ? place : "\(place): \(key)" }
}
