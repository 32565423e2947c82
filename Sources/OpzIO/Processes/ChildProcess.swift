internal import CLinux
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A child process started with posix_spawn(3). Its output goes to files, or to pipes that are drained while it runs.
public final class ChildProcess: @unchecked Sendable {
  /// Where one of the child's output streams goes.
  public enum Stream: Sendable {
    /// The same place as this process's stream.
    case inherited
    case discarded
    /// Appended to a file.
    case file(FilePath)
  }

  /// What a finished child process wrote and how it ended.
  public struct Output: Sendable {
    /// The exit code, or 128 plus the number of the signal that ended it.
    public let status: Int32
    public let output: [UInt8]
    public let errors: [UInt8]

    public var text: String { String(decoding: output, as: UTF8.self) }
    public var errorText: String { String(decoding: errors, as: UTF8.self) }
  }

  public let pid: Int32
  public let program: String

  private init(pid: pid_t, program: String) {
    self.pid = pid
    self.program = program
  }

  /// Starts `arguments[0]`, looked up in `PATH`, and returns at once. Its standard input is empty.
  /// - Parameters:
  ///   - environment: `NAME=value` entries; nil inherits this process's environment.
  ///   - directory: the working directory; nil inherits this process's.
  /// - Throws: `IOFailure` when the program cannot be started.
  public static func start(
    _ arguments: [String], environment: [String]? = nil, directory: FilePath? = nil,
    output: Stream = .inherited, errors: Stream = .inherited
  ) throws -> ChildProcess {
    var actions = SpawnActions()
    try actions.open(0, .discarded, write: false)
    try actions.open(1, output, write: true)
    try actions.open(2, errors, write: true)
    if let directory { actions.change(to: directory) }
    return try spawn(arguments, environment, actions: &actions)
  }

  /// Runs `arguments[0]`, looked up in `PATH`, and waits for it to end. It blocks: call it on a dedicated thread.
  /// - Parameters:
  ///   - input: the bytes on its standard input.
  ///   - environment: `NAME=value` entries; nil inherits this process's environment.
  ///   - directory: the working directory; nil inherits this process's.
  ///   - limit: how many bytes of each output stream are kept; what exceeds it is read and discarded.
  /// - Throws: `IOFailure` when the program cannot be started. A failing exit code is not an error.
  public static func run(
    _ arguments: [String], input: [UInt8] = [], environment: [String]? = nil, directory: FilePath? = nil,
    limit: Int = 64 << 20
  ) throws -> Output {
    let place = FilePath(arguments.first ?? "")
    let stdin = try Pipe(place)
    let stdout = try Pipe(place)
    let stderr = try Pipe(place)
    var actions = SpawnActions()
    actions.duplicate(stdin.readEnd, 0)
    actions.duplicate(stdout.writeEnd, 1)
    actions.duplicate(stderr.writeEnd, 2)
    if let directory { actions.change(to: directory) }
    let child = try spawn(arguments, environment, actions: &actions)
    stdin.closeRead()
    stdout.closeWrite()
    stderr.closeWrite()
    let (out, err) = pump(input, stdin, stdout: stdout, stderr: stderr, limit: limit)
    return Output(status: child.wait(), output: out, errors: err)
  }

  /// Waits for the process to end. It blocks.
  /// - Returns: the exit code, or 128 plus the number of the signal that ended it; -1 when waitpid(2) fails.
  @discardableResult
  public func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 {
      if errno != EINTR { return -1 }
    }
    return ChildProcess.code(status)
  }

  /// Returns the exit code if the process has ended, nil while it runs. Does not block.
  public func poll() -> Int32? {
    var status: Int32 = 0
    let result = waitpid(pid, &status, WNOHANG)
    if result == 0 { return nil }
    return result < 0 ? -1 : ChildProcess.code(status)
  }

  /// Sends a signal to the process; failures, such as a process that has ended, are ignored.
  public func send(signal: Int32) { _ = kill(pid, signal) }

  private static func code(_ status: Int32) -> Int32 {
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }

  private static func spawn(
    _ arguments: [String], _ environment: [String]?, actions: inout SpawnActions
  ) throws -> ChildProcess {
    guard let program = arguments.first else { throw IOFailure("no program to start", path: "") }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    #if canImport(Glibc)
      // Without this the child would keep this process's locks, sockets and pipes open for as long as it lives.
      posix_spawn_file_actions_addclosefrom_np(&actions.actions, 3)
    #endif
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?]? = environment.map { $0.map { strdup($0) } + [nil] }
    defer {
      for pointer in argv { free(pointer) }
      for pointer in envp ?? [] { free(pointer) }
    }
    var pid = pid_t()
    var code: Int32 = 0
    // A program that was just written is busy (ETXTBSY) while a child of another thread, between its fork and its
    // exec, still holds the writer's descriptor. That ends within milliseconds, so retry.
    for attempt in 0..<8 {
      if envp != nil {
        code = posix_spawnp(&pid, program, &actions.actions, &attributes, &argv, &envp!)
      } else {
        code = posix_spawnp(&pid, program, &actions.actions, &attributes, &argv, environ)
      }
      guard code == ETXTBSY else { break }
      usleep(1000 << UInt32(attempt))
    }
    guard code == 0 else {
      throw IOFailure(errno: code, operation: "start", path: FilePath(program))
    }
    return ChildProcess(pid: pid, program: program)
  }

  private static func pump(
    _ input: [UInt8], _ stdin: Pipe, stdout: Pipe, stderr: Pipe, limit: Int
  ) -> ([UInt8], [UInt8]) {
    let unmasked = maskBrokenPipe()
    defer { unmaskBrokenPipe(unmasked) }
    var sent = 0
    var out: [UInt8] = []
    var err: [UInt8] = []
    var polls = [
      pollfd(fd: input.isEmpty ? -1 : stdin.writeEnd, events: Int16(POLLOUT), revents: 0),
      pollfd(fd: stdout.readEnd, events: Int16(POLLIN), revents: 0),
      pollfd(fd: stderr.readEnd, events: Int16(POLLIN), revents: 0),
    ]
    if input.isEmpty { stdin.closeWrite() } else { _ = fcntl(stdin.writeEnd, F_SETFL, O_NONBLOCK) }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while polls.contains(where: { $0.fd >= 0 }) {
      if waitForReady(&polls, nfds_t(polls.count), timeout: -1) < 0, errno != EINTR { break }
      if polls[0].revents != 0 {
        let count = input[sent...].withUnsafeBytes { write(stdin.writeEnd, $0.baseAddress, $0.count) }
        if count > 0 { sent += count }
        if (count < 0 && errno != EAGAIN && errno != EINTR) || sent == input.count {
          stdin.closeWrite()
          polls[0].fd = -1
        }
      }
      for (index, isOutput) in [(1, true), (2, false)] where polls[index].revents != 0 {
        let count = read(polls[index].fd, &buffer, buffer.count)
        if count > 0 {
          let room = max(0, limit - (isOutput ? out.count : err.count))
          if isOutput { out += buffer.prefix(min(count, room)) } else { err += buffer.prefix(min(count, room)) }
        } else if count == 0 || errno != EINTR {
          polls[index].fd = -1
        }
      }
    }
    return (out, err)
  }
}

/// The two ends of pipe(2); closing an end again does nothing.
private final class Pipe {
  private(set) var readEnd: Int32 = -1
  private(set) var writeEnd: Int32 = -1

  init(_ path: FilePath) throws {
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { throw IOFailure.last("pipe", path) }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  func closeRead() {
    if readEnd >= 0 { close(readEnd) }
    readEnd = -1
  }

  func closeWrite() {
    if writeEnd >= 0 { close(writeEnd) }
    writeEnd = -1
  }

  deinit {
    closeRead()
    closeWrite()
  }
}

/// What posix_spawn(3) does in the child before the program starts.
private struct SpawnActions: ~Copyable {
  var actions = posix_spawn_file_actions_t()

  init() { posix_spawn_file_actions_init(&actions) }

  deinit {
    var copy = actions
    posix_spawn_file_actions_destroy(&copy)
  }

  mutating func duplicate(_ from: Int32, _ to: Int32) {
    posix_spawn_file_actions_adddup2(&actions, from, to)
  }

  mutating func change(to directory: FilePath) {
    _ = directory.withPlatformString { posix_spawn_file_actions_addchdir_np(&actions, $0) }
  }

  mutating func open(_ descriptor: Int32, _ stream: ChildProcess.Stream, write: Bool) throws {
    switch stream {
    case .inherited: break
    case .discarded:
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", write ? O_WRONLY : O_RDONLY, 0)
    case .file(let path):
      _ = path.withPlatformString {
        posix_spawn_file_actions_addopen(&actions, descriptor, $0, O_WRONLY | O_CREAT | O_APPEND, 0o644)
      }
    }
  }
}

// poll(2) under a name that no method has.
private func waitForReady(_ polls: inout [pollfd], _ count: nfds_t, timeout: Int32) -> Int32 {
  poll(&polls, count, timeout)
}

// When a child does not read its input, write(2) raises SIGPIPE in the writing thread, which would end this program.
// So SIGPIPE is blocked while writing, and a pending one is consumed afterwards.
private func maskBrokenPipe() -> sigset_t {
  var mask = sigset_t()
  var before = sigset_t()
  sigemptyset(&mask)
  sigaddset(&mask, SIGPIPE)
  pthread_sigmask(SIG_BLOCK, &mask, &before)
  return before
}

private func unmaskBrokenPipe(_ before: sigset_t) {
  var pipe = sigset_t()
  var now = timespec()
  sigemptyset(&pipe)
  sigaddset(&pipe, SIGPIPE)
  while sigtimedwait(&pipe, nil, &now) == SIGPIPE {}
  var old = before
  pthread_sigmask(SIG_SETMASK, &old, nil)
}
