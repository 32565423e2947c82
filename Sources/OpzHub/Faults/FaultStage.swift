/// When a fault strikes.
enum FaultStage: String, Sendable, CaseIterable, Codable {
  /// The registry never hears of the request.
  case before
  /// In the middle of the request's body, of which the registry gets the first part; of the answer's, where the request has none.
  case during
  /// The registry has done what was asked, and the client learns of it wrongly or not at all.
  case after
}
