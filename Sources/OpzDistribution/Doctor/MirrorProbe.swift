import OpzHTTP
import OpzIO
import OpzOCI

/// Finds out which mirrors would be asked before a registry, which file says so, and whether they answer. It only
/// reads.
struct MirrorProbe: Sendable {
  let reference: Reference
  let environment: [String: String]
  let userAgent: String

  /// Adds a finding for each mirror; none where no file says anything of the registry.
  func run(_ probe: inout RemoteProbe, retry: RetryPolicy) async {
    do {
      let (files, reference) = (MirrorFiles(environment: environment), reference)
      // A mirror for images with a digest and one for images with a tag are both shown.
      let routes = try await blocking {
        [try files.route(to: reference, byDigest: false), try files.route(to: reference, byDigest: true)]
      }
      guard let file = routes.compactMap({ $0 }).first?.file else { return }
      try await show(routes, &probe, retry: retry)
      let (tags, digests) = (routes[0]?.sources.last, routes[1]?.sources.last)
      guard tags == digests, let last = tags, last.isUpstream, last.reference.name == reference.name else {
        return probe.note(
          "mirrors", .warn, found: "the registry itself is not asked for pulls",
          action: "\(file) leaves it out; pushes go to it")
      }
      if routes.allSatisfy({ $0?.sources.allSatisfy(\.isUpstream) ?? true }) {
        probe.note("mirrors", .ok, found: "none", action: "as \(file) says")
      }
    } catch {
      let explained = error as? any ExplainedError
      probe.note(
        "mirrors", .fail, found: explained.map { "\($0.subject): \($0.reason)" } ?? "\(error)",
        action: explained?.hint ?? "")
    }
  }

  private func show(_ routes: [PullRoute?], _ probe: inout RemoteProbe, retry: RetryPolicy) async throws {
    var sources: [PullSource] = []
    for source in routes.compactMap({ $0?.sources }).joined()
    where !source.isUpstream && !sources.contains(where: { $0.reference == source.reference }) {
      sources.append(source)
    }
    for (number, source) in sources.enumerated() {
      let uses = { (isTag: Bool) in
        routes[isTag ? 0 : 1]?.sources.contains {
          $0.reference == source.reference && $0.uses.contains(isTag ? .names : .content)
        } ?? false
      }
      let what =
        switch (uses(true), uses(false)) {
        case (true, true): "for everything"
        case (true, false): "for images with a tag"
        case (false, true): "for content by its digest"
        case (false, false): "for nothing"
        }
      let problem = await answer(of: source, retry)
      probe.note(
        "mirror \(number + 1)", problem == nil ? .ok : .warn,
        found: "\(source.reference.name) is asked \(what)" + (problem.map { ", but \($0)" } ?? ""),
        action: "as \(source.place) says")
    }
  }

  /// Why a mirror cannot be used; nil where it can.
  private func answer(of source: PullSource, _ retry: RetryPolicy) async -> String? {
    let forms = source.isInsecure && source.scheme == .https ? source.insecureForms : [source]
    var problem: String?
    for form in forms {
      do {
        let client = try RemoteClient(
          form.reference, environment: environment, userAgent: userAgent, progress: NoProgress(), insecure: false,
          retry: retry, mirror: form)
        let response = try await client.send(client.versionCheck, scopes: [], subject: form.reference.host)
        return response.status == 200 ? nil : "it answered \(response.status)"
      } catch {
        problem = (error as? any ExplainedError)?.reason ?? "\(error)"
      }
    }
    return problem
  }
}
