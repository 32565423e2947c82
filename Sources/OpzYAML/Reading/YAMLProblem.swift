/// Why a document is refused, and where.
public struct YAMLProblem: Error, Sendable, Hashable {
  public let place: Place
  public let reason: String
  public let hint: String?

  /// Makes a problem; `reason` is lower case, without the place.
  public init(_ place: Place, _ reason: String, hint: String? = nil) {
    self.place = place
    self.reason = reason
    self.hint = hint
  }
}
