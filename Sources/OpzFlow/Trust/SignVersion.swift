import OpzIO
public import OpzOCI
public import OpzRegistry
public import OpzTrust

/// `opz sign`: signs a version's image and record with a key, and the image in the older "simple signing" form as well,
/// for tools that read only that.
public struct SignVersion: Sendable {
  /// The signatures that were added.
  public struct Result: Sendable {
    /// The new attachments; empty if the key had already signed.
    public let attached: [Descriptor]
    public let existed: Bool
  }

  private let version: Registry.Version
  private let identity: String
  private let session: Session

  /// - Parameter identity: the `HOST/REPO` in the older form, which podman and skopeo compare; nil uses `push.to`, or
  ///   else the model's name.
  public init(_ version: Registry.Version, identity: String?, in session: Session) {
    self.version = version
    self.session = session
    let place = (identity ?? version.record.pushTo).flatMap { try? Reference(parsing: $0) }?.name
    self.identity = place ?? identity ?? version.record.name
  }

  /// Attaches a signed statement about the image and its record, and a simple signing signature of the image.
  ///
  /// Signatures that already exist are not repeated.
  /// - Throws: `TrustError`, `RegistryError`, `IOFailure`.
  public func run(_ registry: Registry, with key: PrivateKey) async throws -> Result {
    var hasSignedStatement = false
    var old: [SimpleSigning] = []
    _ = try await VersionAttachments(version, session).evidence(registry) { evidence, _ in
      if evidence.isSigned(by: key.publicKey, withRecord: version.recordDigest) { hasSignedStatement = true }
      if case .signatures(let all) = evidence.content { old += all }
    }
    let (hasStatement, classic) = (hasSignedStatement, old)
    return try await blocking { [self] in
      let old = classic
      var attached: [Descriptor] = []
      if !hasStatement {
        attached.append(
          try AttestVersion.attach(
            .signature, Array("{}".utf8), to: version, with: key, registry: registry, session: session))
      }
      let isThere = old.contains {
        $0.image == version.record.image.digest && $0.isSigned(by: key.publicKey) && $0.identity == identity
      }
      if !isThere { attached.append(try attachSimpleSigning(key, after: old, registry)) }
      return Result(attached: attached, existed: attached.isEmpty)
    }
  }

  /// One manifest holds all signatures of this form, because they share one tag.
  private func attachSimpleSigning(_ key: PrivateKey, after old: [SimpleSigning], _ registry: Registry) throws
    -> Descriptor
  {
    let new = try SimpleSigning(signing: version.record.image.digest, identity: identity, with: key)
    var seen: Set<SimpleSigning> = []
    let all = (old + [new]).filter { $0.image == version.record.image.digest && seen.insert($0).inserted }
    let layers = try all.map { signature in
      var layer = try registry.store.put(signature.payload, SimpleSigning.mediaType)
      layer.annotations = signature.annotations
      return layer
    }
    return try registry.attach(layers, SimpleSigning.artifactType, to: version, from: .here, by: session.author)
  }
}
