import ArgumentParser
import OpzFlow
import OpzIO
import OpzRegistry

struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Shows and removes what opz keeps to be faster.",
    discussion: """
      The registry's cache/ has wheels and their compiled modules (bytecode), what is known of bases (facts) and the \
      listings of their layers (names), and environments of opz serve. All of it can be fetched or made again; versions \
      need none of it. opz package and opz lock keep it below OPZ_CACHE_LIMIT (20Gi).

      opz cache list
      opz cache prune --limit 5Gi
      """,
    subcommands: [CacheListCommand.self, CachePruneCommand.self])

  static func show(_ report: PruneCache.Report) {
    var table = TextTable(["CACHE", "ENTRIES", "SIZE"], right: [1, 2])
    for part in report.parts { table.add([part.name, String(part.entries), ByteCount.text(part.bytes)]) }
    if !report.parts.isEmpty { Console.data(table.text) }
  }
}

struct CacheListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists what is in the cache.", discussion: "opz cache list")

  @Flag(help: "An array of objects: name, entries, bytes.") var json = false
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let report = try await PruneCache(isDryRun: true, in: session).run(session.openRegistry())
    if json { return try Console.json(report.parts) }
    CacheCommand.show(report)
    let total = report.parts.reduce(UInt64(0)) { $0 &+ $1.bytes }
    Console.line("\(ByteCount.text(total)) of at most \(ByteCount.text(report.limit))")
  }
}

struct CachePruneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Removes what was not used for the longest time.",
    discussion: """
      What was used within the last hour stays, unless the limit is 0.

      opz cache prune
      opz cache prune --limit 0
      """)

  @Option(help: ArgumentHelp("How much may stay: 5Gi, 500Mi, 0; OPZ_CACHE_LIMIT if missing.", valueName: "size"))
  var limit: String?
  @Flag(name: .customLong("dry-run"), help: "Change nothing.") var dryRun = false
  @Flag(help: "An object: entries, bytes, limit, dryRun.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let entries: Int
    let bytes: UInt64
    let limit: UInt64
    let dryRun: Bool
  }

  func run() async throws {
    let session = options.session()
    let report = try await PruneCache(limit: limit, isDryRun: dryRun, in: session).run(session.openRegistry())
    if json {
      return try Console.json(
        Output(entries: report.removedEntries, bytes: report.removedBytes, limit: report.limit, dryRun: dryRun))
    }
    Console.line(
      "\(report.removedEntries) \(report.removedEntries == 1 ? "entry" : "entries") of the cache "
        + "(\(ByteCount.text(report.removedBytes))) \(dryRun ? "would be removed" : "removed")")
  }
}
