import OpzIO
import OpzJSON
public import OpzOCI
public import OpzRegistry
public import OpzTrust

/// `opz approve`: somebody answers for a version before an alias; with a key as a signed statement, which travels with the image.
public struct ApproveVersion: Sendable {
  /// The approval as it was recorded.
  public struct Result: Sendable {
    /// As it is counted: without white space around it.
    public let by: String
    /// The statement; nil without a key.
    public let attached: Descriptor?
  }

  private let version: Registry.Version
  private let alias: AliasName
  private let reason: String?
  private let session: Session

  /// Prepares an approval. Nothing is recorded before `run(_:with:)`.
  ///
  /// - Parameters:
  ///   - alias: the alias that the version is approved for; the approval counts for no other.
  ///   - reason: free text for the event and the statement.
  public init(_ version: Registry.Version, for alias: AliasName, reason: String?, in session: Session) {
    self.version = version
    self.alias = alias
    self.reason = reason
    self.session = session
  }

  /// - Throws: `FlowError` for a name that is none: one that nobody sees could be anybody's.
  public func run(_ registry: Registry, with key: PrivateKey?) async throws -> Result {
    var author = session.author
    guard let person = FoldedName(author.actor) else {
      throw FlowError(
        .usage, "OPZ_ACTOR",
        "the name of who approves is none: \(FoldedName.problem(author.actor) ?? "")",
        hint: "OPZ_ACTOR=NAME opz approve \(version.record.reference) --for \(alias)")
    }
    author.actor = person.text
    return try await blocking { [self, author] in
      var details: [String: JSONValue] = ["alias": .string(alias.description)]
      details["reason"] = reason.map { .string($0) }
      let attached = try key.map { key in
        let approval = Approval(
          model: version.record.name, version: version.record.version, alias: alias.description, by: person.text,
          at: author.at, reason: reason)
        return try AttestVersion.attach(
          .approval, CanonicalJSON.encode(approval.predicate), to: version, with: key, registry, session)
      }
      details["key"] = key.map { .string($0.publicKey.fingerprint.description) }
      details["statement"] = attached.map { .string($0.digest.description) }
      try registry.note(.approved, version, by: author, details: details)
      return Result(by: person.text, attached: attached)
    }
  }
}
