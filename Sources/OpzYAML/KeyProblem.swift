/// What is wrong with a key of a document.
public struct KeyProblem: Sendable, Hashable {
  /// `opz.yaml:12`, or `--set`.
  public let place: String
  /// `deploy.replicas.min`; empty for the document.
  public let key: String
  public let reason: String
  public let hint: String?

  /// The texts may hold what a file says: control characters are shown as `\u{..}`, so that a file cannot write to a terminal.
  public init(place: String, key: String, reason: String, hint: String? = nil) {
    self.place = KeyProblem.printable(place, limit: 4096)
    self.key = KeyProblem.printable(key, limit: 160)
    self.reason = KeyProblem.printable(reason, limit: 400)
    self.hint = hint.map { KeyProblem.printable($0, limit: 400) }
  }

  private static func printable(_ text: String, limit: Int) -> String {
    var result = ""
    for (index, scalar) in text.unicodeScalars.enumerated() {
      if index == limit { return result + ".." }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        result += scalar.escaped(asASCII: true)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  public var subject: String { key.isEmpty ? place : "\(place): \(key)" }
}
