import OpzDistribution
import OpzIO
import OpzOCI

/// Checks tags right before they are moved, because registries cannot move a tag by compare-and-swap.
struct TagGuard: Sendable {
  let repository: RemoteRepository
  let expectation: TagExpectation
  /// The digest last seen under each `HOST/REPO:TAG`.
  let seen: [String: Digest]

  /// The digest that the tag names now; nil if it does not exist.
  /// - Parameter wanted: the digest to be tagged; a tag that names it already has no conflict.
  /// - Throws: `FlowError` of category `conflict` if the tag does not name what is expected.
  func check(_ tag: String, wanted: Digest) async throws -> Digest? {
    let found = try await repository.digest(ofTag: tag)
    let place = "\(repository.reference.name):\(tag)"
    switch expectation {
    case .anything: break
    case .absent:
      if let found { throw conflict(place, "the tag exists and names \(found), but was expected not to exist") }
    case .digest(let expected):
      guard found == expected else {
        throw conflict(place, "the tag names \(found?.description ?? "nothing"), but \(expected) was expected")
      }
    case .asLastSeen:
      if let found, let last = seen[place], found != last, found != wanted {
        throw FlowError(
          .conflict, place, reason: "someone else moved the tag: it names \(found), and was last seen at \(last)",
          hint: "opz show \(place) shows what it is; --force or --expect \(found) moves it")
      }
    }
    return found
  }

  /// The same for the tag of another artifact of the version, of which the user says at most that it may be anything.
  func checkCompanion(_ tag: String, wanted: Digest) async throws -> Digest? {
    let expectation = expectation == .anything ? TagExpectation.anything : .asLastSeen
    return try await TagGuard(repository: repository, expectation: expectation, seen: seen).check(tag, wanted: wanted)
  }

  private func conflict(_ place: String, _ reason: String) -> FlowError {
    FlowError(.conflict, place, reason: reason, hint: "opz show \(place) shows what it is; nothing was moved")
  }
}
