import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct GCCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Removes unreferenced blobs, and versions that the retention rules drop.",
    discussion: """
      policy.yaml in the registry may hold rules: retention: {last: 10, days: 90, tagged: true, aliased: true}. \
      Without rules, all versions are kept. Unreferenced blobs younger than the grace period are kept, because a \
      version may be about to use them.

      opz gc --dry-run          what would be removed, and why the rest is kept
      opz gc
      opz gc --pushed           also layers that a container registry has, which is checked now
      """)

  @Flag(name: .customLong("dry-run"), help: "Explain, and change nothing.") var dryRun = false
  @Option(help: ArgumentHelp("The grace period of unreferenced blobs.", valueName: "hours")) var grace: Double = 24
  @Flag(help: "Also drop local layers of pushed versions that the container registry still has.") var pushed = false
  @Flag(help: "An object: versions, dropped, kept, young, environments, freed.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let versions: [CollectionReport.Version]
    let dropped: [CollectionReport.Blob]
    let kept: Int
    let young: Int
    let temporary: Int
    let environments: Int
    let freed: UInt64
    let dryRun: Bool
  }

  func validate() throws {
    guard grace >= 0, grace <= 1e6 else { throw ValidationError("--grace is a number of hours from 0 to 1000000") }
  }

  func run() async throws {
    let session = options.session()
    let registry = try session.openRegistry()
    let report = try await CollectGarbage(
      isDryRun: dryRun, grace: Int64(grace * 3600), pushed: pushed, in: session
    ).run(registry)
    if json {
      return try Console.json(
        Output(
          versions: report.versions, dropped: report.dropped, kept: report.kept, young: report.young,
          temporary: report.temporary, environments: report.environments, freed: report.freed, dryRun: dryRun))
    }
    show(report)
  }

  private func show(_ report: CollectionReport) {
    let gone = report.versions.filter { !$0.keeps }
    if dryRun || !gone.isEmpty {
      var table = TextTable(["VERSION", "", "WHY"])
      for version in dryRun ? report.versions : gone {
        table.add([version.reference, version.keeps ? "keep" : "drop", version.reason])
      }
      if !report.versions.isEmpty { Console.data(table.text) }
    }
    if dryRun, !report.dropped.isEmpty {
      var table = TextTable(["BLOB", "SIZE", "WHY"], right: [1])
      for blob in report.dropped { table.add([blob.digest.description, ByteCount.text(blob.size), blob.reason]) }
      Console.data(table.text)
    }
    let verb = dryRun ? "would be removed" : "removed"
    Console.line(
      "\(gone.count) of \(report.versions.count) versions and \(report.dropped.count) blobs (\(ByteCount.text(report.freed))) \(verb); "
        + "\(report.kept) blobs are in use, \(report.young) within the grace period")
    if report.environments > 0 {
      Console.line("\(report.environments) virtual environments of opz serve, unused for a month, \(verb)")
    }
  }
}
