import OpzIO
import OpzJSON
public import OpzOCI
public import OpzRegistry
public import OpzTrust

/// `opz approve`: records that a person approves a version for an alias. With a key, it also attaches a signed
/// statement, which is copied with the image.
public struct ApproveVersion: Sendable {
  /// The approval as it was recorded.
  public struct Result: Sendable {
    /// The approver's name as gates count it: without surrounding white space.
    public let by: String
    /// The signed statement; nil without a key.
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

  /// - Throws: `FlowError` of category `usage` for an invalid name, such as one with invisible characters that imitates
  ///   another.
  public func run(_ registry: Registry, with key: PrivateKey?) async throws -> Result {
    var author = session.author
    guard let person = FoldedName(author.actor) else {
      throw FlowError(
        .usage, "OPZ_ACTOR",
        reason: "the approver's name is invalid: \(FoldedName.problem(author.actor) ?? "")",
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
          .approval, CanonicalJSON.encode(approval.predicate), to: version, with: key, registry: registry,
          session: session)
      }
      details["key"] = key.map { .string($0.publicKey.fingerprint.description) }
      details["statement"] = attached.map { .string($0.digest.description) }
      try registry.note(.approved, version, by: author, details: details)
      return Result(by: person.text, attached: attached)
    }
  }
}
