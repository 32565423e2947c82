import OpzHTTPServer

/// A named failure and how it is produced.
struct Fault: Sendable {
  enum Effect: Sendable {
    /// Replaces the registry's response.
    case response(@Sendable (HubRequest, FaultRule) -> Response)
    /// Changes the registry's response.
    case change(@Sendable (inout Response, HubRequest, FaultRule) -> Void)
    /// Disturbs the connection.
    case wire(Wire)
  }

  enum Wire: Sendable {
    /// Closes the connection.
    case cut
    /// Resets the connection.
    case reset
    /// Stays silent for a while, then closes the connection.
    case stall
    /// Stays silent for a while, then continues normally.
    case delay
    /// Sends and receives bytes slowly.
    case drip
  }

  let name: String
  let summary: String
  /// The stage at which it applies when the rule names none.
  let stage: FaultStage
  /// The only kind of request that it applies to; nil for all.
  let kind: RequestKind?
  let effect: Effect

  init(_ name: String, _ summary: String, stage: FaultStage, kind: RequestKind? = nil, effect: Effect) {
    self.name = name
    self.summary = summary
    self.stage = stage
    self.kind = kind
    self.effect = effect
  }

  static let all: [Fault] = connection + statuses + redirects + contents + headers + uploads + tokens

  private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })

  static func named(_ name: String) -> Fault? { byName[name] }
}
