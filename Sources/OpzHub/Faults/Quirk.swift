package import OpzHTTPServer

/// A way in which a registry deviates from the distribution-spec, or is stricter than required.
///
/// A quirk is a value that holds what it does, so a profile is a list of values, and one that does nothing cannot be
/// written.
package struct Quirk: Sendable {
  /// Decides on a request before its body is read.
  /// - Returns: the response in place of the registry's; nil to go on.
  package typealias Refusal = @Sendable (HubRequest, QuirkMemory) throws -> Response?
  /// Changes what the registry gets; throws `SpecError` to respond in its place.
  package typealias Reading = @Sendable (inout HubRequest, inout any RequestBody, QuirkMemory) async throws -> Void
  /// Changes the registry's response.
  package typealias Change = @Sendable (HubRequest, inout Response, QuirkMemory) -> Void

  package enum Effect: Sendable {
    case refuses(Refusal)
    case reads(Reading)
    case changes(Change)
    /// An upload whose body is interrupted is forgotten.
    case endsCutUploads
    /// The token server denies this many requests first.
    case deniesTokens(Int)
  }

  let effects: [Effect]

  /// Creates a quirk from its effects.
  package init(_ effect: Effect, _ more: Effect...) { effects = [effect] + more }

  /// Changes responses to requests of one kind that have a status.
  package static func changing(
    _ kind: RequestKind, status: Int, _ change: @escaping Change
  ) -> Quirk {
    Quirk(
      .changes { request, response, memory in
        if request.kind == kind, response.status == status { change(request, &response, memory) }
      })
  }

  /// Refuses requests of some kinds.
  package static func refusing(_ kinds: RequestKind..., refusal: @escaping Refusal) -> Quirk {
    Quirk(.refuses { request, memory in kinds.contains(request.kind) ? try refusal(request, memory) : nil })
  }
}
