import ArgumentParser
import OpzFlow
import OpzIO
import OpzRegistry

struct FsckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fsck", abstract: "Proves that the registry is whole.",
    discussion: """
      Reads every blob and checks its digest, every reference, every event and record. Exit code 4 when anything is wrong.

      opz fsck
      """)

  @Flag(help: "An object: ok, models, versions, events, blobs, bytes, problems.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Summary: Encodable {
    let ok: Bool
    let models: Int
    let versions: Int
    let events: Int
    let blobs: Int
    let bytes: UInt64
    let problems: [FsckReport.Problem]
  }

  func run() async throws {
    let session = options.session()
    let report = try await session.openRegistry().fsck(progress: session.progress)
    if json {
      try Console.json(
        Summary(
          ok: report.problems.isEmpty, models: report.models, versions: report.versions, events: report.events,
          blobs: report.blobs, bytes: report.bytes, problems: report.problems))
    } else {
      for problem in report.problems { Console.line("\(problem.subject): \(problem.reason)") }
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
