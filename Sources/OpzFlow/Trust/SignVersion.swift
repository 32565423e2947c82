import OpzIO
public import OpzOCI
public import OpzRegistry
public import OpzTrust

/// `opz sign`: says with a key that an image and its record are what they should be; the image in the older form too, which others read.
public struct SignVersion: Sendable {
  /// The signatures that were added.
  public struct Result: Sendable {
    /// What was attached; empty where the key had signed before.
    public let attached: [Descriptor]
    public let existed: Bool
  }

  private let version: Registry.Version
  private let identity: String
  private let session: Session

  /// - Parameter identity: `HOST/REPO` for the older form, in which podman and skopeo look for it; else `push.to`, else the model's name.
  public init(_ version: Registry.Version, identity: String?, in session: Session) {
    self.version = version
    self.session = session
    let place = (identity ?? version.record.pushTo).flatMap { try? Reference(parsing: $0) }?.name
    self.identity = place ?? identity ?? version.record.name
  }

  /// Attaches a signed statement over the image and its record, and a simple signing signature of the image.
  ///
  /// What the key has already signed is not signed again.
  /// - Throws: `TrustError`, `RegistryError`, `IOFailure`.
  public func run(_ registry: Registry, with key: PrivateKey) async throws -> Result {
    var isStated = false
    var old: [SimpleSigning] = []
    _ = try await VersionAttachments(version, session).evidence(registry) { evidence, _ in
      if evidence.isSigned(by: key.publicKey, withRecord: version.recordDigest) { isStated = true }
      if case .signatures(let all) = evidence.content { old += all }
    }
    let (hasStatement, classic) = (isStated, old)
    return try await blocking { [self] in
      let old = classic
      var attached: [Descriptor] = []
      if !hasStatement {
        attached.append(
          try AttestVersion.attach(.signature, Array("{}".utf8), to: version, with: key, registry, session))
      }
      let isThere = old.contains {
        $0.image == version.record.image.digest && $0.isSigned(by: key.publicKey) && $0.identity == identity
      }
      if !isThere { attached.append(try attachClassic(key, after: old, registry)) }
      return Result(attached: attached, existed: attached.isEmpty)
    }
  }

  /// One manifest has all signatures of this form, because one tag names it.
  private func attachClassic(_ key: PrivateKey, after old: [SimpleSigning], _ registry: Registry) throws -> Descriptor {
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
