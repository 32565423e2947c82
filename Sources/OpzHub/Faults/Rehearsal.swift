import OpzHTTPServer

/// The responders of a plan, outermost first: faults, tokens, quirks, and the registry.
struct Rehearsal: Responder {
  let faults: FaultCount
  private let responder: any Responder

  init(_ plan: FaultPlan, before registry: any Responder) {
    let personality = plan.personality.flatMap(RegistryProfile.named)
    let quirks = personality?.quirks(plan.limit) ?? []
    let denials = quirks.flatMap(\.effects).reduce(0) {
      if case .deniesTokens(let times) = $1 { $0 + times } else { $0 }
    }
    let tokens = TokenAuthority(
      ProfileResponder(registry, quirks), life: plan.tokenSeconds ?? personality?.tokenSeconds, denials: denials)
    faults = FaultCount(plan.faults ?? [])
    responder = FaultyResponder(inner: tokens, count: faults)
  }

  func respond(to request: HubRequest, _ body: any RequestBody) async throws -> Response {
    try await responder.respond(to: request, body)
  }
}
