import OpzHTTP
public import OpzIO
public import OpzOCI
public import SystemPackage

/// A place from which an image may be pulled: a mirror, or the registry that the image's name says.
public struct PullSource: Sendable, Hashable {
  /// What a source may be asked for.
  enum Use: Sendable, Hashable {
    /// Content by its digest, which proves itself.
    case content
    /// What a tag names, and what refers to a manifest: the source's word.
    case names
  }

  /// The repository there. It has no tag and no digest.
  public let reference: Reference
  /// The file and line that name it, as `PATH:LINE`.
  public let place: String
  /// Nil to derive it from the host.
  var scheme: Origin.Scheme?
  /// The path of the registry's API.
  var api = "/v2"
  /// What containerd adds to each request to a mirror, so that one mirror may serve several registries: the host of
  /// the image's name.
  var namespace: String?
  var uses: Set<Use> = [.content, .names]
  /// The registry that the image's name says, and not a mirror.
  var isUpstream = false
  /// Without TLS, or with a certificate that nobody vouches for.
  var isInsecure = false
  /// Files of certificate authorities that are trusted too.
  var authorities: [FilePath] = []
  /// The files of the client's certificate and key.
  var identity: Identity?

  struct Identity: Sendable, Hashable {
    let certificate: FilePath
    let key: FilePath
  }

  /// Whether it may be asked what a tag names.
  public var resolvesTags: Bool { uses.contains(.names) }
  /// Whether it may be asked for content by its digest.
  public var servesContent: Bool { uses.contains(.content) }

  init(_ reference: Reference, place: String) {
    self.reference = reference
    self.place = place
  }

  /// The certificates that a file names for it, beside those of `certs.d`; nil for none. Blocks.
  /// - Throws: `DistributionError` with the code `configuration`.
  func certificates() throws -> CertificateDirectory? {
    guard isInsecure || !authorities.isEmpty || identity != nil else { return nil }
    var found = CertificateDirectory()
    found.skipsVerification = isInsecure
    found.certificate = identity?.certificate
    found.key = identity?.key
    do {
      try found.trust(authorities)
    } catch let error as any ExplainedError {
      throw DistributionError(
        .configuration, place, reason: "\(error.subject): \(error.reason)", hint: "correct the path of the certificates"
      )
    }
    return found
  }

  /// Whether anything but the name of the repository differs from what opz does unasked.
  var isPlain: Bool {
    var plain = PullSource(reference, place: place)
    plain.isUpstream = isUpstream
    return self == plain
  }
}

/// The sources of an image in the order in which they are asked, as one of the files says.
public struct PullRoute: Sendable, Hashable {
  /// Mirrors, and the upstream registry unless the file leaves it out.
  public let sources: [PullSource]
  /// The file that decides.
  public let file: FilePath
}
