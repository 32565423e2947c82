import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

/// Commands that change a registry are killed, or fail, at their system calls (strace injects the faults).
///
/// This is a sample; `scripts/torture` sets OPZ_TORTURE=all, which tries every call.
@Suite("A registry whose writers are killed", .serialized)
struct TortureTests {
  static let isWhole = ProcessEnvironment.value("OPZ_TORTURE") == "all"

  /// The commands; the registry has churn 1.0.0, 1.1.0 and 1.2.0, production at 1.1.0, and an unreferenced blob.
  static let commands: [[String]] = [
    ["package", "p", "--version", "2.0.0"], ["alias", "churn", "champion", "1.2.0"],
    ["promote", "churn@1.2.0", "--to", "production"], ["delete", "churn@1.0.0"], ["gc", "--grace", "0"],
    ["rollback", "churn", "--alias", "production"],
    ["sbom", "churn@1.2.0", "--attach"],
  ]

  /// Kills at calls that change the disk, and I/O errors or a full disk at some of them.
  static let faults = [
    ("fsync", "signal=KILL"), ("linkat", "signal=KILL"), ("rename", "signal=KILL"), ("unlink", "signal=KILL"),
    ("write", "signal=KILL"), ("mkdir", "signal=KILL"), ("fsync", "error=EIO"), ("linkat", "error=ENOSPC"),
    ("write", "error=ENOSPC"), ("rename", "error=EIO"),
  ]

  static func prepare() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    let opz = try BuiltPrograms.opz().string
    func run(_ words: [String]) throws {
      let result = try ChildProcess.run([opz] + words + ["--quiet", "--registry", "base"], directory: directory.path)
      try #require(result.status == 0, "\(words): \(result.errorText)")
    }
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
      try project(directory, version)
      try run(["package", "p", "--version", version])
    }
    for version in ["1.2.0", "1.1.0"] { try run(["alias", "churn", "production", version]) }
    try Registry.open(directory.path.appending("base")).store.put(Array("nobody's".utf8), MediaType("text/plain"))
    try project(directory, "2.0.0")
    return directory
  }

  private static func project(_ directory: TemporaryDirectory, _ content: String) throws {
    try directory.write("p/weights.bin", "weights \(content)")
    try directory.write("p/opz.yaml", "opz: 1\nname: churn\nmodel: {path: weights.bin}\nruntime: {kind: model}\n")
  }

  @Test(
    "the registry is consistent, acknowledged data is there, and the command succeeds when run again",
    arguments: commands)
  func stands(_ command: [String]) async throws {
    let directory = try Self.prepare()
    var calls = 0
    for (index, (call, fault)) in Self.faults.enumerated() {
      // A deterministic sample: a different moment for each command and call.
      let moments = Self.isWhole ? Array(1...400) : [1 + (command[0].utf8.count * 5 + index * 3) % 9]
      for moment in moments {
        let ended = try await hurt(command, "\(call):\(fault):when=\(moment)", directory: directory)
        // The command made fewer such calls.
        if Self.isWhole, ended { break }
        calls += 1
      }
    }
    if Self.isWhole { print("\(command.joined(separator: " ")): killed or failed at \(calls) calls") }
  }

  /// - Returns: whether the command succeeded despite the fault.
  private func hurt(_ command: [String], _ fault: String, directory: TemporaryDirectory) async throws -> Bool {
    let opz = try BuiltPrograms.opz().string
    _ = try ChildProcess.run(["cp", "-a", "base", "r"], directory: directory.path)
    let words = command + ["--quiet", "--registry", "r"]
    let call = String(fault.prefix { $0 != ":" })
    let hurt = try ChildProcess.run(
      ["strace", "-f", "-q", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "inject=\(fault)", opz] + words,
      directory: directory.path)
    let registry = try Registry.open(directory.path.appending("r"))
    let audit = try await registry.fsck()
    #expect(audit.problems == [], "\(fault): \(words)")
    #expect(audit.versions >= (command[0] == "delete" ? 2 : 3))
    if hurt.status == 0 { try Self.checkDone(command, registry, inject: fault) }
    let again = try ChildProcess.run([opz] + words, directory: directory.path)
    // What was done before the fault cannot be repeated: a deletion, or a rollback with nothing before it.
    let isDone = ["delete", "rollback"].contains(command[0]) && again.status != 0
    #expect(again.status == 0 || isDone, "\(fault): \(again.errorText)")
    try Self.checkDone(command, registry, inject: fault)
    #expect(try await registry.fsck().problems == [], "\(fault), then again")
    try Durable.removeTree(directory.path.appending("r"))
    return hurt.status == 0
  }

  @Test(
    "two writers killed one after the other leave the same as one",
    arguments: ["rename", "linkat", "fsync"], 1...4)
  func twice(_ call: String, _ moment: Int) async throws {
    let directory = try Self.prepare()
    let opz = try BuiltPrograms.opz().string
    func killed(_ fault: String, _ alias: String) throws -> Bool {
      let result = try ChildProcess.run(
        ["strace", "-f", "-q", "-o", "/dev/null", "-e", "trace=\(fault.prefix { $0 != ":" })", "-e", "inject=\(fault)"]
          + [opz, "alias", "churn", alias, "1.2.0", "--quiet", "--registry", "base"], directory: directory.path)
      return result.status != 0
    }
    // The first rename is that of the head, so the event exists.
    #expect(try killed("rename:signal=KILL:when=1", "first"))
    _ = try killed("\(call):signal=KILL:when=\(moment)", "second")
    let registry = try Registry.open(directory.path.appending("base"))
    #expect(try await registry.fsck().problems == [])
    #expect(try registry.find(LocalReference(parsing: "churn@first")).version.description == "1.2.0")
    #expect(try !killed("rename:signal=KILL:when=99", "third"))
    #expect(try await registry.fsck().problems == [])
    #expect(try Directory.entries(registry.root.pushing("models/churn/heads")).count == 1)
  }

  private static func checkDone(_ command: [String], _ registry: Registry, inject: String) throws {
    func version(_ text: String) -> String? {
      (try? registry.find(LocalReference(parsing: "churn@\(text)")))?.version.description
    }
    switch command[0] {
    case "package": #expect(version("2.0.0") == "2.0.0", "\(inject)")
    case "alias": #expect(version("champion") == "1.2.0", "\(inject)")
    case "promote": #expect(version("production") == "1.2.0", "\(inject)")
    case "delete": #expect(version("1.0.0") == nil, "\(inject)")
    case "sbom":
      let found = try? registry.find(LocalReference(parsing: "churn@1.2.0"))
      let count = try found.map { try registry.state($0.name).attachments(of: $0).count }
      #expect(count == 1, "\(inject)")
    case "rollback": #expect(version("production") == "1.2.0", "\(inject)")
    default:
      let blob = Descriptor.of(Array("nobody's".utf8), MediaType("text/plain"))
      #expect(try !registry.store.has(blob), "\(inject)")
    }
  }

  @Test(
    "files are named after they are synced; names are synced before the event and at the end",
    arguments: [["alias", "churn", "champion", "1.2.0"], ["package", "p", "--version", "2.0.0"]])
  func order(_ command: [String]) throws {
    let directory = try Self.prepare()
    let opz = try BuiltPrograms.opz().string
    let log = directory.path.appending("trace")
    let calls = "execve,openat,write,fsync,linkat,rename,renameat2,mkdir"
    let result = try ChildProcess.run(
      ["strace", "-f", "-q", "-y", "-o", log.string, "-e", "trace=\(calls)", opz] + command
        + ["--quiet", "--registry", "base"], directory: directory.path)
    #expect(result.status == 0, "\(result.errorText)")
    var order = SyncOrder()
    for line in SyncOrder.lines(String(decoding: try FileBlob(log).bytes(), as: UTF8.self)) { order.take(line) }
    #expect(order.faults == [])
    #expect(order.unsynced == [], "at the end")
    #expect(order.names > (command[0] == "package" ? 10 : 2))
  }

  /// Checks the check: sequences that break the rule are detected.
  @Test(
    "a wrong order is detected",
    arguments: [
      ([#"linkat(AT_FDCWD, "/proc/self/fd/5", AT_FDCWD, "/r/blobs/a", AT_SYMLINK_FOLLOW) = 0"#], 1, 1),
      (
        [
          #"fsync(5</r/#1>) = 0"#, #"write(5</r/#1>, "x", 1) = 1"#,
          #"linkat(AT_FDCWD, "/proc/self/fd/5", AT_FDCWD, "/r/blobs/a", 0) = 0"#,
        ], 1, 1
      ),
      ([#"fsync(5</r/#1>) = 0"#, #"linkat(AT_FDCWD, "/proc/self/fd/5", AT_FDCWD, "/r/blobs/a", 0) = 0"#], 0, 1),
      (
        [
          #"fsync(5</r/#1>) = 0"#, #"linkat(AT_FDCWD, "/proc/self/fd/5", AT_FDCWD, "/r/blobs/a", 0) = 0"#,
          #"fsync(6</r/blobs>) = 0"#,
        ], 0, 0
      ),
      (
        [
          #"fsync(5</r/#1>) = 0"#, #"linkat(AT_FDCWD, "/proc/self/fd/5", AT_FDCWD, "/r/blobs/a", 0) = 0"#,
          #"linkat(AT_FDCWD, "/proc/self/fd/5", AT_FDCWD, "/r/models/m/events/1.json", 0) = 0"#,
        ], 1, 2
      ),
      ([#"rename("/r/x", "/r/index.json") = 0"#, #"fsync(6</r>) = 0"#], 1, 0),
      ([#"rename("/r/models/m/heads/1", "/r/models/m/heads/2") = 0"#, #"fsync(6</r/models/m/heads>) = 0"#], 0, 0),
      ([#"mkdir("/r/models/m", 0755) = 0"#], 0, 1),
    ])
  func rule(_ lines: [String], _ faults: Int, unsynced: Int) {
    var order = SyncOrder()
    for line in lines { order.take(line) }
    #expect(order.faults.count == faults, "\(order.faults)")
    #expect(order.unsynced.count == unsynced)
  }
}

/// Checks the strace log of a process: files are synced before they get names, names before an event refers to them.
private struct SyncOrder {
  /// Descriptors whose files are synced.
  private var synced: Set<Int> = []
  /// Temporary names that were given to such files.
  private var whole: Set<String> = []
  private(set) var unsynced: Set<String> = []
  private(set) var faults: [String] = []
  private(set) var names = 0

  /// The calls of the process itself, each complete; those of its child processes are left out.
  static func lines(_ log: String) -> [String] {
    let all = log.split(separator: "\n").map { line in
      let parts = line.split(separator: " ", maxSplits: 1)
      return (thread: parts[0], call: parts.count == 2 ? parts[1].drop { $0 == " " } : "")
    }
    let programs = Set(all.filter { $0.call.hasPrefix("execve(") }.dropFirst().map(\.thread))
    var begun: [Substring: Substring] = [:]
    var lines: [String] = []
    for (thread, call) in all where !programs.contains(thread) {
      if let cut = call.firstRange(of: "<unfinished ...>") {
        begun[thread] = call[..<cut.lowerBound]
      } else if call.hasPrefix("<... "), let end = call.firstRange(of: "resumed>") {
        lines.append(String((begun[thread] ?? "") + call[end.upperBound...]))
      } else {
        lines.append(String(call))
      }
    }
    return lines
  }

  mutating func take(_ line: String) {
    guard !line.contains(") = -1"), let call = line.firstIndex(of: "(") else { return }
    let paths = line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    let descriptor = Int(line[line.index(after: call)...].prefix { $0.isNumber })
    switch line[..<call] {
    case "openat":
      if let end = line.firstRange(of: ") = "), let opened = Int(line[end.upperBound...].prefix { $0.isNumber }) {
        synced.remove(opened)
      }
    case "write": if let descriptor { synced.remove(descriptor) }
    case "fsync":
      if let descriptor { synced.insert(descriptor) }
      let directory = line.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" }
      unsynced = unsynced.filter { Self.parent($0) != directory }
    case "linkat" where paths.count == 2:
      let source = Int(paths[0].split(separator: "/").last ?? "") ?? -1
      name(paths[1], isWhole: synced.contains(source), line)
    case "rename" where paths.count == 2:
      unsynced.remove(paths[0])
      // A head is an empty file, which needs no sync of its content.
      name(paths[1], isWhole: whole.contains(paths[0]) || paths[0].contains("/heads/"), line)
    case "mkdir" where paths.count == 1: if !paths[0].contains("/cache") { unsynced.insert(paths[0]) }
    default: break
    }
  }

  private mutating func name(_ path: String, isWhole: Bool, _ line: String) {
    // Readers of files in cache/ can tell whether a file is complete.
    if path.contains("/cache/") { return }
    names += 1
    if !isWhole { faults.append("not on the disk: \(line)") }
    if isWhole { whole.insert(path) }
    if path.contains("/events/"), !unsynced.isEmpty { faults.append("before its event: \(unsynced.sorted())") }
    unsynced.insert(path)
  }

  private static func parent(_ path: String) -> Substring { path[..<(path.lastIndex(of: "/") ?? path.startIndex)] }
}
