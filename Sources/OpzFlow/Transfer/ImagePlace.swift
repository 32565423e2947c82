public import OpzOCI
public import OpzRegistry
public import SystemPackage

/// The source or destination of a copy.
public enum ImagePlace: Sendable, CustomStringConvertible {
  /// `HOST/REPO[:TAG][@DIGEST]`.
  case remote(Reference)
  /// `NAME@VERSION` in the local registry.
  case version(LocalReference)
  /// `oci:DIR[:TAG]`.
  case layout(FilePath, tag: String?)
  /// `docker-archive:FILE`.
  case dockerArchive(FilePath)

  /// Parses a place. A first component that contains `.` or `:`, or is `localhost`, is a host.
  /// - Throws: `OCIError`, `RegistryError` or `FlowError` if the text is invalid.
  public init(parsing text: String, in session: Session) throws {
    if text.hasPrefix("oci:") {
      let (directory, tag) = Transport.layout(text)
      guard !directory.isEmpty else { throw ImagePlace.malformed(text) }
      self = .layout(session.path(directory), tag: tag)
    } else if text.hasPrefix("docker-archive:") {
      let file = text.dropFirst("docker-archive:".count)
      guard !file.isEmpty else { throw ImagePlace.malformed(text) }
      self = .dockerArchive(session.output(String(file)))
    } else if text.hasPrefix("docker://") {
      throw FlowError(
        .usage, text, reason: "not a valid place", hint: "omit docker://: \(text.dropFirst("docker://".count))")
    } else if ImagePlace.isRemote(text) {
      self = .remote(try Reference(parsing: text))
    } else {
      self = .version(try LocalReference(parsing: text))
    }
  }

  /// The file of `docker-archive:FILE`, with `-` for standard output; nil for any other place.
  public static func archive(_ text: String, in session: Session) -> FilePath? {
    text.hasPrefix("docker-archive:") ? session.output(String(text.dropFirst("docker-archive:".count))) : nil
  }

  /// Whether a name's first component is a host.
  public static func isRemote(_ text: String) -> Bool {
    guard let slash = text.firstIndex(of: "/") else { return false }
    return Reference.namesHost(text[..<slash])
  }

  public var description: String {
    switch self {
    case .remote(let reference): "\(reference)"
    case .version(let reference): "\(reference)"
    case .layout(let directory, let tag): "oci:\(directory)" + (tag.map { ":\($0)" } ?? "")
    case .dockerArchive(let file): "docker-archive:\(file)"
    }
  }

  private static func malformed(_ text: String) -> FlowError {
    FlowError(
      .usage, text, reason: "not a valid source or destination",
      hint: "write HOST/REPO:TAG, NAME@VERSION, oci:DIR, oci:DIR:TAG or docker-archive:FILE")
  }
}
