import ArgumentParser
import OpzFlow
import OpzIO
import OpzRegistry

struct FsckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fsck", abstract: "Checks the integrity of the whole registry.",
    discussion: """
      Reads every blob and checks its digest, every reference, every event and record. Exit code 4 if anything is wrong.

      opz fsck
      opz fsck --quick                                  checks only that blobs exist and have the right size
      opz fsck --expect HASH                            also checks that the log has an event that you know
      opz fsck --repair --from HOST/crm/churn           fetches what is missing or corrupt, then checks again
      """)

  @Flag(help: "Do not hash blobs, and do not compare records with their images.") var quick = false
  @Option(help: ArgumentHelp("The hash of an event that must be in the log; may be repeated.", valueName: "hash"))
  var expect: [String] = []
  @Flag(help: "Rewrite generated files, and fetch lost blobs from --from or from where versions were pushed.")
  var repair = false
  @Option(
    help: ArgumentHelp(
      "HOST/REPO, or a directory with a registry or an OCI layout; may be repeated.", valueName: "source")) var from:
    [String] = []
  @Flag(help: "An object: ok, models, versions, events, blobs, bytes, unknown, problems.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Summary: Encodable {
    let ok: Bool
    let models: Int
    let versions: Int
    let events: Int
    let blobs: Int
    let bytes: UInt64
    let elsewhere: Int
    let repaired: Int
    /// Events of kinds that this opz does not know, by kind.
    let unknown: [String: Int]
    let heads: [String]
    let problems: [FsckReport.Problem]
  }

  func validate() throws {
    guard from.isEmpty || repair else { throw ValidationError("--from requires --repair") }
  }

  func run() async throws {
    let session = options.session()
    let registry = try session.openRegistry()
    let audit = Registry.FsckOptions(quick: quick, expected: expect)
    var report = try await registry.fsck(audit, progress: session.progress)
    var repaired = 0
    if repair, !report.problems.isEmpty {
      repaired = try await RepairRegistry(registry, from: from, in: session).run(report)
      report = try await registry.fsck(audit, progress: session.progress)
    }
    let heads = try registry.models().flatMap { try registry.log($0).currentHeads() }.sorted()
    if json {
      try Console.json(
        Summary(
          ok: report.problems.isEmpty, models: report.models, versions: report.versions, events: report.events,
          blobs: report.blobs, bytes: report.bytes, elsewhere: report.elsewhere, repaired: repaired,
          unknown: report.unknown,
          heads: heads, problems: report.problems))
    } else {
      for problem in report.problems {
        Console.line("\(problem.subject): \(problem.reason)")
        if let hint = problem.hint { Console.line("  hint: \(hint)") }
      }
      if repaired > 0 { Console.line("repaired \(repaired) files") }
      if !report.unknown.isEmpty {
        let kinds = report.unknown.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        Console.line("events of kinds that this opz does not know, kept as they are: \(kinds.joined(separator: ", "))")
      }
      let counts = [
        (report.models, "model"), (report.versions, "version"), (report.events, "event"), (report.blobs, "blob"),
      ]
      let text = counts.map { "\($0) \($1)\($0 == 1 ? "" : "s")" }.joined(separator: ", ")
      let verdict =
        report.problems.isEmpty ? "clean" : "\(report.problems.count) problem\(report.problems.count == 1 ? "" : "s")"
      Console.line("\(text) (\(ByteCount.text(report.bytes))): \(verdict)")
    }
    if !report.problems.isEmpty { throw ExitCode(ExitStatus.code(.verification)) }
  }
}
