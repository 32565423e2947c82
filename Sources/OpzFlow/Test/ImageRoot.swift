import OpzIO
import OpzOCI
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An unpacked image whose program runs with these files as its root: in namespaces of its own, without a container
/// engine.
struct ImageRoot: Sendable {
  /// What a program in the image shares with the machine.
  enum Sharing {
    /// Network and process numbers: a test talks to the server over loopback, and measures it.
    case network
    /// Nothing, and root becomes nobody: for a program that only reads and writes its standard streams.
    case nothing
  }

  let path: FilePath
  /// The environment of the programs that set up the root; the image's own begins behind them.
  let environment: [String]
  private let image: Image
  private let unshare: FilePath
  /// Whether the user is root, who needs no user namespace and can become the image's user.
  private let isRoot: Bool
  private let sharing: Sharing

  /// Device files that programs expect.
  private static let devices = ["null", "zero", "full", "random", "urandom"]

  /// Prepares an unpacked image.
  /// - Throws: `FlowError` where the kernel or the machine does not allow such a root.
  init(_ path: FilePath, of image: Image, sharing: Sharing = .network, _ session: Session) throws {
    if let obstacle = try ImageRoot.obstacle(sharing, session) { throw ImageRoot.impossible(obstacle, session) }
    self.path = path
    self.image = image
    self.sharing = sharing
    unshare = InstalledTool.unshare.find(session.environment) ?? "unshare"
    isRoot = geteuid() == 0
    environment = ImageRoot.environment(session) + ["LC_ALL=C"]
    try prepare()
  }

  private static func environment(_ session: Session) -> [String] {
    ["PATH=\(session.environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin")"]
  }

  /// Why this machine gives an image no such root; nil if it does. It blocks.
  static func obstacle(_ sharing: Sharing, _ session: Session) throws -> String? {
    guard let unshare = InstalledTool.unshare.find(session.environment) else {
      return "unshare of util-linux is not installed"
    }
    let trial = try ChildProcess.run(
      namespaces(unshare, isRoot: geteuid() == 0, sharing) + ["true"], environment: environment(session) + ["LC_ALL=C"])
    if trial.status == 0 { return nil }
    let reason = trial.errorText.split(separator: "\n").first.map(String.init) ?? "status \(trial.status)"
    return "the kernel allows no namespaces (\(reason))"
  }

  private static func impossible(_ reason: String, _ session: Session) -> FlowError {
    let engine = [InstalledTool.podman, .docker].first { $0.isFound(session.environment) }?.rawValue
    return FlowError(
      .failed, "opz test", reason: "the image cannot be started without a container engine here: \(reason)",
      hint: engine.map {
        "opz package --output docker-archive:image.tar, then \($0) load -i image.tar and \($0) run it"
      }
        ?? "run opz test as root, or on a machine that allows user namespaces")
  }

  private static func namespaces(_ unshare: FilePath, isRoot: Bool, _ sharing: Sharing) -> [String] {
    let apart = sharing == .nothing ? ["--net", "--ipc", "--pid", "--fork", "--kill-child"] : []
    return [unshare.string] + (isRoot ? [] : ["--user", "--map-root-user"]) + ["--mount"] + apart
  }

  /// Makes what a container runtime mounts over. The image is not trusted: a link in place of a directory would lead out
  /// of it, so it is replaced.
  private func prepare() throws {
    for name in ["dev", "proc", "tmp"] { try makeDirectory(path.appending(name)) }
    try makeDirectory(path.appending("dev/shm"))
    guard chmod(path.appending("tmp").string, 0o1777) == 0, chmod(path.appending("dev/shm").string, 0o1777) == 0 else {
      throw IOFailure.last("chmod", path)
    }
    for name in ImageRoot.devices {
      let file = path.appending("dev/\(name)")
      if try FileStatus.find(file, followLinks: false) != nil { try Durable.removeTree(file) }
      _ = try Durable.createExclusively(file, with: [])
    }
    // Temporary directories are for their owner alone, and the image's user has to come in.
    guard chmod(path.string, 0o755) == 0 else { throw IOFailure.last("chmod", path) }
  }

  private func makeDirectory(_ place: FilePath) throws {
    if let status = try FileStatus.find(place, followLinks: false), status.kind != .directory {
      try Durable.remove(place)
    }
    try Durable.makeDirectory(place)
  }

  /// The command that runs the image's own program in it.
  /// - Parameter added: variables that replace the image's.
  func command(_ added: [String]) throws -> [String] {
    let execution = image.config.config
    let arguments = (execution?.entrypoint ?? []) + (execution?.cmd ?? [])
    guard !arguments.isEmpty else { throw FlowError(.failed, "opz test", reason: "the image has no command") }
    let names = Set(added.map { $0.prefix { $0 != "=" } })
    // What is no assignment, env would take for the program.
    let own = (execution?.env ?? []).filter { $0.dropFirst().contains("=") && !$0.hasPrefix("=") }
    let variables = own.filter { !names.contains($0.prefix { $0 != "=" }) } + added
    var enter = [unshare.string, "--root=\(path)", "--wd=\(execution?.workingDir ?? "/")"]
    if isRoot, let user = execution?.user {
      let parts = user.split(separator: ":")
      if let uid = parts.first { enter += ["--setgid=\(parts.count > 1 ? parts[1] : uid)", "--setuid=\(uid)"] }
    }
    // The image's own env sets its variables: LD_PRELOAD or GLIBC_TUNABLES of an image that is not trusted would else be
    // obeyed by programs of this machine, outside of the root.
    return outside + enter + ["/usr/bin/env", "-i", "--"] + variables + arguments
  }

  /// Runs a program of the image, which needs no env in it, and waits for its end. It blocks.
  /// - Parameters:
  ///   - variables: of the program. Those that set up the root see them too: they must not be the image's.
  ///   - limit: how many bytes of its output are kept.
  func run(
    _ arguments: [String], input: [UInt8], variables: [String], limit: Int
  ) throws -> ChildProcess.Output {
    var enter = [unshare.string, "--root=\(path)", "--wd=/"]
    if isRoot, sharing == .nothing { enter += ["--setgid=65534", "--setuid=65534"] }
    return try ChildProcess.run(
      outside + enter + arguments, input: input, environment: environment.prefix(1) + variables, directory: "/",
      limit: limit)
  }

  /// The programs of this machine that make the root, in front of what enters it.
  private var outside: [String] {
    ImageRoot.namespaces(unshare, isRoot: isRoot, sharing) + ["sh", "-c", ImageRoot.script, "sh", path.string]
  }

  /// Mounts what a container has, then becomes its program.
  private static let script = """
    set -e
    root=$1; shift
    for name in \(devices.joined(separator: " ")); do mount --bind /dev/$name "$root/dev/$name"; done
    mount --rbind /proc "$root/proc"
    exec "$@"
    """
}
