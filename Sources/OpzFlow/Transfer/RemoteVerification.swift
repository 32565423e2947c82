import OpzDistribution
import OpzIO
import OpzOCI

/// Verifies that a registry has everything that was pushed; a 201 response alone does not prove it.
struct RemoteVerification: Sendable {
  let repository: RemoteRepository

  /// - Throws: `FlowError` of category `verification` if a tag names something else or content is missing.
  func check(tags: [String], of digest: Digest, content: [Descriptor]) async throws {
    async let absent = missing(content)
    _ = try await concurrently(tags) { tag in
      let found = try await repository.resolve(tag)
      guard found.digest == digest else {
        throw FlowError(
          .verification, "\(repository.reference.name):\(tag)",
          reason: "the tag names \(found.digest) after the push of \(digest)",
          hint: "someone else pushes to this tag, or the registry is broken; push again")
      }
    }
    let missing = try await absent
    guard let first = missing.first else { return }
    throw FlowError(
      .verification, "\(repository.reference.name)@\(first)",
      reason: "the registry accepted it, but does not have it"
        + (missing.count > 1 ? "; nor \(missing.count - 1) more" : ""),
      hint: "push again; a registry of several replicas may be behind")
  }

  private func missing(_ content: [Descriptor]) async throws -> [Digest] {
    try await concurrently(content, limit: 32) { descriptor in
      try await repository.contains(descriptor) ? nil : descriptor.digest
    }.compactMap { $0 }
  }
}
