public import OpzIO
public import OpzOCI
public import SystemPackage

/// The files in which podman, containerd and docker keep mirrors of registries. opz reads them, and never writes them.
///
/// `OPZ_MIRRORS` chooses: a tool (`podman`, `containerd`, `docker`), a file or directory of one, or `none`. Without it
/// they are asked in this order, and the first one that says something of an image decides alone.
public struct MirrorFiles: Sendable {
  /// A tool with mirrors, in the order in which they are asked.
  enum Tool: String, CaseIterable, Sendable {
    case podman, containerd, docker
  }

  /// One tool's files.
  struct Choice: Sendable {
    let tool: Tool
    /// The only place to look at; nil for the tool's usual ones.
    let path: FilePath?
  }

  /// The environment variable that chooses.
  public static let variable = "OPZ_MIRRORS"
  /// The most bytes of one file.
  static let limit = 1 << 20

  private let environment: [String: String]

  /// Reads nothing yet.
  /// - Parameter environment: `OPZ_MIRRORS`, `CONTAINERS_REGISTRIES_CONF`, `HOME` and `XDG_CONFIG_HOME` lead to the
  ///   files.
  public init(environment: [String: String]) { self.environment = environment }

  /// Where to pull an image from; nil where no file says anything. Reads some small files.
  /// - Parameters:
  ///   - reference: names the image. Some mirrors are for images with a digest alone, or for those with a tag.
  ///   - byDigest: whether all of the image is asked for by digest; nil where the reference says it.
  /// - Throws: `DistributionError` with the code `configuration` for a file that cannot be read or understood, or
  ///   `blocked` where podman must not pull the image.
  public func route(to reference: Reference, byDigest: Bool? = nil) throws -> PullRoute? {
    for choice in try choices() {
      let route =
        switch choice.tool {
        case .podman:
          try RegistriesConf.find(choice.path, environment)?
            .route(to: reference, byDigest: byDigest ?? (reference.digest != nil))
        case .containerd: try HostsDirectory(choice.path).route(to: reference)
        case .docker: try DockerDaemonFile.find(choice.path, environment)?.route(to: reference)
        }
      if let route { return route }
    }
    return nil
  }

  private func choices() throws -> [Choice] {
    let text = environment[MirrorFiles.variable] ?? ""
    if text.isEmpty { return Tool.allCases.map { Choice(tool: $0, path: nil) } }
    if text == "none" { return [] }
    if let tool = Tool(rawValue: text) { return [Choice(tool: tool, path: nil)] }
    guard text.contains("/"), !text.contains("\0") else {
      throw DistributionError(
        .configuration, MirrorFiles.variable, reason: "\(PrintableText.brief(text)) is neither a tool nor a path",
        hint:
          "podman, containerd, docker, none, or the path of registries.conf, daemon.json or a directory of hosts.toml")
    }
    let path = FilePath(text)
    let kind = try? FileStatus.of(path).kind
    guard let kind else {
      throw DistributionError(
        .configuration, text, reason: "there is no such file",
        hint: "\(MirrorFiles.variable) names it; unset it, or set it right")
    }
    if kind == .directory { return [Choice(tool: .containerd, path: path)] }
    return [Choice(tool: path.extension == "json" ? .docker : .podman, path: path)]
  }

  /// The text of a file; nil where it does not exist, or where it is one of the system's that this user may not read.
  /// - Parameter isNamed: the user named it, so that it has to be readable.
  static func text(of path: FilePath, isNamed: Bool) throws -> String? {
    let bytes: [UInt8]
    do {
      bytes = try SmallFile.read(path, limit: limit)
    } catch let failure as IOFailure where !isNamed && failure.isAbsent {
      return nil
    } catch let error as any ExplainedError {
      throw DistributionError(
        .configuration, path.string, reason: error.reason, hint: "\(MirrorFiles.variable)=none pulls without mirrors")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw MirrorProblem(path, 1, reason: "it is not UTF-8").error
    }
    return text
  }
}

/// What is wrong with a file of mirrors, and in which line.
struct MirrorProblem {
  let path: FilePath
  let line: Int
  let reason: String

  init(_ path: FilePath, _ line: Int, reason: String) {
    self.path = path
    self.line = line
    self.reason = reason
  }

  var error: DistributionError {
    DistributionError(
      .configuration, "\(path):\(line)", reason: reason,
      hint: "correct the file; \(MirrorFiles.variable)=none pulls without mirrors")
  }
}

extension IOFailure {
  /// Nothing is there, or nothing that this user may see.
  fileprivate var isAbsent: Bool { category == .notFound || [EACCES, ENOTDIR, EPERM].contains(errno) }
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
