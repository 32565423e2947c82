/// When a fault is applied.
enum FaultStage: String, Sendable, CaseIterable, Codable {
  /// The registry never receives the request.
  case before
  /// In the middle of the request's body, of which the registry receives the first part; without a body, in the
  /// middle of the response.
  case during
  /// The registry has handled the request, but the client receives a wrong response or none.
  case after
}
