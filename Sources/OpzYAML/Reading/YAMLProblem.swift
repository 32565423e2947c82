/// Why a document cannot be read, and where.
public struct YAMLProblem: Error, Sendable, Hashable {
  public let place: Place
  public let reason: String
  public let hint: String?

  public init(_ place: Place, _ reason: String, hint: String? = nil) {
    self.place = place
    self.reason = reason
    self.hint = hint
  }
}
