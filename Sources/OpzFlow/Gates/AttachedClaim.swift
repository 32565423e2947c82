import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzTrust

/// A version's attachment, reduced to what gates evaluate: its claim, and which of the policy's keys signed it. The
/// document itself is not kept in memory.
struct AttachedClaim: Sendable {
  enum Content: Sendable {
    /// - Parameter coversRecord: whether the signature also covers the version's record.
    case signature(coversRecord: Bool)
    case billOfMaterials
    case verdicts([ScanVerdict])
    case sqlVerification(SQLVerdict)
    case approval(Approval)
    /// The attachment cannot be read, for this reason.
    case broken(String)
  }

  let content: Content
  let signers: Set<PublicKey>
  let attachment: ModelState.Attachment

  /// When it was attached.
  var attachedAt: Timestamp? { Timestamp(attachment.at) }

  /// All readable claims of a version, the latest last.
  static func all(
    of version: Registry.Version, _ keys: [PublicKey], _ registry: Registry, session: Session
  ) async throws -> [AttachedClaim] {
    try await VersionAttachments(version, session).evidence(registry) { evidence, attachment in
      AttachedClaim(evidence, attachment, record: version.recordDigest, keys: keys)
    }.compactMap(\.self)
  }

  private init?(
    _ evidence: Evidence, _ attachment: ModelState.Attachment, record: Digest, keys: [PublicKey]
  ) {
    self.attachment = attachment
    func signers(_ type: PredicateType) -> Set<PublicKey> {
      Set(keys.filter { evidence.isSigned(by: $0, as: type) })
    }
    func document(_ type: PredicateType, _ media: MediaType) -> JSONValue? {
      evidence.document(type, as: media, signedBy: [])
    }
    switch evidence.content {
    case .statement(let statement, _) where statement.predicateType == PredicateType.signature.uri:
      content = .signature(coversRecord: statement.subjects.contains(record))
      self.signers = signers(.signature)
      return
    case .statement(let statement, _) where statement.predicateType == PredicateType.approval.uri:
      guard statement.subjects.contains(record), statement.subjects.contains(evidence.image),
        let approval = try? Approval(statement.predicate, subject: "")
      else { return nil }
      content = .approval(approval)
      self.signers = signers(.approval)
      return
    case .signatures, .message:
      content = .signature(coversRecord: false)
      self.signers = signers(.signature)
      return
    case .broken(let reason):
      content = .broken(reason)
      self.signers = []
      return
    case .statement, .document: break
    }
    if let found = document(.scan, ScanVerdict.mediaType), let verdicts = try? ScanVerdict.read(found, subject: "") {
      content = .verdicts(verdicts)
      self.signers = signers(.scan)
    } else if let found = document(.sqlVerification, SQLVerdict.mediaType),
      let verdict = try? SQLVerdict(found, subject: "")
    {
      content = .sqlVerification(verdict)
      self.signers = signers(.sqlVerification)
    } else if document(.billOfMaterials, ModelBOM.mediaType) != nil {
      content = .billOfMaterials
      self.signers = signers(.billOfMaterials)
    } else {
      return nil
    }
  }
}
