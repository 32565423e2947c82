import OpzHTTPServer

/// One way to fail.
struct Fault: Sendable {
  enum Effect: Sendable {
    /// Another answer than the registry's.
    case answer(@Sendable (HubRequest, FaultRule) -> Answer)
    /// The registry's answer, changed.
    case change(@Sendable (inout Answer, HubRequest, FaultRule) -> Void)
    /// Something that happens to the connection.
    case wire(Wire)
  }

  enum Wire: Sendable {
    /// The connection ends.
    case cut
    /// It ends with a reset.
    case reset
    /// Nothing happens for a time, then the connection ends.
    case stall
    /// Nothing happens for a time, then all goes on.
    case delay
    /// Bytes come, and are taken, slowly.
    case drip
  }

  let name: String
  let summary: String
  /// Where it strikes when the rule does not say.
  let stage: FaultStage
  /// The only requests that it makes sense for; nil for all.
  let kind: RequestKind?
  let effect: Effect

  init(_ name: String, _ summary: String, _ stage: FaultStage, kind: RequestKind? = nil, _ effect: Effect) {
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
