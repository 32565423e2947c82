import OpzDistribution
import OpzIO
import OpzOCI

/// Looks at tags before they are moved. No registry moves a tag by compare-and-swap, so this is done right before.
struct TagGuard: Sendable {
  let repository: RemoteRepository
  let expectation: TagExpectation
  /// What was last seen under `HOST/REPO:TAG`.
  let seen: [String: Digest]

  /// What the tag names now.
  /// - Parameter wanted: a tag that names this already is as it should be.
  /// - Throws: `FlowError` of category `conflict` where it is not what is expected.
  func check(_ tag: String, wanted: Digest) async throws -> Digest? {
    let found = try await repository.digest(ofTag: tag)
    let place = "\(repository.reference.name):\(tag)"
    switch expectation {
    case .anything: break
    case .absent:
      if let found { throw conflict(place, "the tag exists and names \(found); none was expected") }
    case .digest(let expected):
      guard found == expected else {
        throw conflict(place, "the tag names \(found?.description ?? "nothing"), and \(expected) was expected")
      }
    case .asSeen:
      if let found, let last = seen[place], found != last, found != wanted {
        throw FlowError(
          .conflict, place, "somebody else moved the tag: it names \(found), and was last seen at \(last)",
          hint: "opz show \(place) tells what it is; --force or --expect \(found) moves it")
      }
    }
    return found
  }

  private func conflict(_ place: String, _ reason: String) -> FlowError {
    FlowError(.conflict, place, reason, hint: "opz show \(place) tells what it is; nothing was moved")
  }
}
