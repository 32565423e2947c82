/// A registry as a plan has it: the registry, what is peculiar to it, its tokens, and before them all the faults.
struct Rehearsal: Responder {
  let faults: FaultCount
  private let responder: any Responder

  init(_ plan: FaultPlan, before registry: any Responder) {
    let personality = plan.personality.flatMap(Personality.named)
    let personal = PersonalResponder(registry, personality?.quirks(limit: plan.limit) ?? [])
    let tokens = TokenAuthority(personal, life: plan.tokenSeconds ?? personality?.tokenSeconds)
    faults = FaultCount(plan.faults ?? [])
    responder = FaultyResponder(inner: tokens, count: faults)
  }

  func answer(_ request: HubRequest, _ body: any RequestBody) async throws -> Answer {
    try await responder.answer(request, body)
  }
}
