import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit
import SystemPackage
import Testing

/// Commands that change a registry, killed or failed at their system calls (strace injects the faults).
///
/// Here a sample; `scripts/torture` sets OPZ_TORTURE=all, which tries every call.
@Suite("A registry whose writers die", .serialized)
struct TortureTests {
  static let isWhole = ProcessEnvironment.value("OPZ_TORTURE") == "all"

  /// What is run on a registry that has churn 1.0.0, 1.1.0 and 1.2.0, production at 1.1.0 and a blob that nothing names.
  static let commands: [[String]] = [
    ["package", "p", "--version", "2.0.0"], ["alias", "churn", "champion", "1.2.0"],
    ["promote", "churn@1.2.0", "--to", "production"], ["delete", "churn@1.0.0"], ["gc", "--grace", "0"],
    ["rollback", "churn", "--alias", "production"],
    ["sbom", "churn@1.2.0", "--attach"],
  ]

  /// Kill where the disk changes its mind, and errors where it would not.
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
    "the registry stands, what was acknowledged is there, and the command run again does its work", arguments: commands)
  func stands(_ command: [String]) async throws {
    let directory = try Self.prepare()
    for (index, (call, fault)) in Self.faults.enumerated() {
      // A sample that is the same each time: another moment for each command and call.
      let moments = Self.isWhole ? Array(1...400) : [1 + (command[0].utf8.count * 5 + index * 3) % 9]
      for moment in moments {
        let ended = try await hurt(command, "\(call):\(fault):when=\(moment)", directory)
        // The call did not come so often.
        if Self.isWhole, ended { break }
      }
    }
  }

  /// - Returns: whether the command ended well for all that.
  private func hurt(_ command: [String], _ fault: String, _ directory: TemporaryDirectory) async throws -> Bool {
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
    if hurt.status == 0 { try Self.checkDone(command, registry, fault) }
    let again = try ChildProcess.run([opz] + words, directory: directory.path)
    // What was done before the fault cannot be done twice: a deletion, a roll-back to what is not before it.
    let isDone = ["delete", "rollback"].contains(command[0]) && again.status != 0
    #expect(again.status == 0 || isDone, "\(fault): \(again.errorText)")
    try Self.checkDone(command, registry, fault)
    #expect(try await registry.fsck().problems == [], "\(fault), then again")
    try Durable.removeTree(directory.path.appending("r"))
    return hurt.status == 0
  }

  private static func checkDone(_ command: [String], _ registry: Registry, _ inject: String) throws {
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
    "a name is given to a file that is on the disk, and its directory is synced after",
    arguments: [["alias", "churn", "champion", "1.2.0"], ["package", "p", "--version", "2.0.0"]])
  func order(_ command: [String]) throws {
    let directory = try Self.prepare()
    let opz = try BuiltPrograms.opz().string
    let log = directory.path.appending("trace")
    let result = try ChildProcess.run(
      ["strace", "-f", "-q", "-y", "-o", log.string, "-e", "trace=fsync,linkat,rename,renameat2", opz] + command
        + ["--quiet", "--registry", "base"], directory: directory.path)
    #expect(result.status == 0, "\(result.errorText)")
    let lines = String(decoding: try FileBlob(log).bytes(), as: UTF8.self).split(separator: "\n").map(String.init)
    var names = 0
    for (index, line) in lines.enumerated() where line.contains("linkat(") && !line.contains("EEXIST") {
      names += 1
      let thread = line.prefix { $0 != " " }
      let own = lines.enumerated().filter { $0.element.hasPrefix(thread) }
      let before = own.last { $0.offset < index }?.element ?? ""
      let after = own.filter { $0.offset > index }.prefix(2).map(\.element)
      #expect(before.contains("fsync("), "\(line)")
      #expect(after.contains { $0.contains("fsync(") || $0.contains("rename(") }, "\(line)")
    }
    #expect(names > 1)
    for (index, line) in lines.enumerated() where line.contains("rename(") && !line.contains("/cache/") {
      let thread = line.prefix { $0 != " " }
      let next = lines.enumerated().first { $0.offset > index && $0.element.hasPrefix(thread) }?.element ?? ""
      #expect(next.contains("fsync("), "\(line)")
    }
  }
}
