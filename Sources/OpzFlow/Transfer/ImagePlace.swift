import OpzIO
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
  /// `oci-archive:FILE[:TAG]`.
  case ociArchive(FilePath, tag: String?)
  /// `docker-archive:FILE`.
  case dockerArchive(FilePath)

  /// Places of skopeo and podman that opz has not.
  private static let others = [
    "dir:", "docker-daemon:", "containers-storage:", "ostree:", "sif:", "tarball:", "atomic:", "docker:",
  ]

  /// Parses a place. A first component that contains `.` or `:`, or is `localhost`, is a host.
  /// - Throws: `OCIError`, `RegistryError` or `FlowError` if the text is invalid.
  public init(parsing text: String, in session: Session) throws {
    if let file = try ImagePlace.file(text, in: session) {
      self = file
    } else if ImagePlace.isRemote(text) {
      self = .remote(try Reference(parsing: text))
    } else {
      self = .version(try LocalReference(parsing: text))
    }
  }

  /// Parses the destination of a copy, which is anything but a version.
  /// - Throws: `OCIError` or `FlowError` if the text is invalid.
  public static func destination(_ text: String, in session: Session) throws -> ImagePlace {
    if let file = try file(text, in: session) { return file }
    guard isRemote(text) else {
      throw FlowError(
        .usage, text, reason: "not a place that an image can be copied to",
        hint: "write \(places), or opz pull to fetch a version into the local registry")
    }
    return .remote(try Reference(parsing: text))
  }

  /// The places that need no version's name.
  static let places = "HOST/REPO:TAG, oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE"

  /// A place on this machine's disk; nil for any other text.
  /// - Throws: `FlowError` of category `usage` for one without a path.
  static func file(_ text: String, in session: Session) throws -> ImagePlace? {
    if text.hasPrefix("oci:") {
      let (directory, tag) = Transport.layout(text)
      guard !directory.isEmpty else { throw malformed(text, "it names no directory") }
      return .layout(session.path(directory), tag: tag)
    }
    if let (file, tag) = Transport.ociArchive(text) {
      guard !file.isEmpty else { throw malformed(text, "it names no file") }
      return .ociArchive(session.output(file), tag: tag)
    }
    guard text.hasPrefix("docker-archive:") else {
      // A host of that name has a port after the colon.
      let kind = others.first { text.hasPrefix($0) && text.dropFirst($0.count).first?.isNumber != true }
      guard let kind, !text.hasPrefix("docker://") else { return nil }
      throw malformed(text, "opz has no places of the kind \(kind)")
    }
    let file = text.dropFirst("docker-archive:".count)
    guard !file.isEmpty else { throw malformed(text, "it names no file") }
    return .dockerArchive(session.output(String(file)))
  }

  /// The file of `docker-archive:FILE` or `oci-archive:FILE`, with `-` for standard output; nil for any other place.
  public static func archive(_ text: String, in session: Session) -> FilePath? {
    switch try? file(text, in: session) {
    case .dockerArchive(let file)?, .ociArchive(let file, _)?: file
    default: nil
    }
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
    case .ociArchive(let file, let tag): "oci-archive:\(file)" + (tag.map { ":\($0)" } ?? "")
    case .dockerArchive(let file): "docker-archive:\(file)"
    }
  }

  private static func malformed(_ text: String, _ reason: String) -> FlowError {
    FlowError(.usage, text, reason: reason, hint: "write NAME@VERSION, \(places)")
  }
}
