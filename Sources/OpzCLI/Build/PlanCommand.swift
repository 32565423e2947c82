import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Shows what opz package would build, reuse and upload.",
    discussion: """
      Shows each layer with its size and why it would be built, settings that differ from the newest version's, and what \
      the server will demand of callers where opz.yaml has serve.contract or monitor.data. With --to, also what a push would upload, mount and skip.

      opz plan examples/churn
      opz plan . --to registry.example/crm/churn --json
      """)

  @Argument(help: "The project's directory.", completion: .directory) var directory = "."
  @Option(help: ArgumentHelp("Ask HOST/REPO what it already has.", valueName: "dest")) var to: String?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("A setting that overrides opz.yaml; may be repeated.", valueName: "key=value"))
  var overrides: [String] = []
  @Flag(help: "Also list what is ignored, and why.") var ignored = false
  @Flag(help: "An object: layers, settings, ignored, reads, writes, seconds, free, uploads, mounts, skips, contract.")
  var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let layers: [Layer]
    let settings: [SettingsChange]
    let moved: [Moved]
    let ignored: [Ignored]
    let reads: UInt64
    let writes: UInt64
    let seconds: Double?
    let free: UInt64
    let uploads: UInt64?
    let mounts: UInt64?
    let skips: UInt64?
    let contract: [PlannedRule]?
  }

  struct Layer: Encodable {
    let role: String
    let title: String
    let state: String
    let reason: String?
    let size: UInt64
    let digest: Digest?
    let transfer: String?
  }

  struct Moved: Encodable {
    let path: String
    let place: String
  }

  struct Ignored: Encodable {
    let path: String
    let reason: String
  }

  func run() async throws {
    let session = options.session()
    let request = PackageRequest(project: session.path(directory), overrides: overrides)
    let destination = try to.map { try Reference(parsing: $0) }
    let plan = try await PlanProject(request, to: destination, in: session).run()
    if json { return try Console.json(output(plan)) }
    Console.data(text(plan))
    if !plan.settings.isEmpty {
      Console.line("settings that change since \(plan.latest ?? "the newest version"):")
      for change in plan.settings { Console.line("  \(change)") }
    }
    if let contract = plan.contract { Console.data(PlanCommand.text(contract)) }
    if ignored {
      for (path, reason) in plan.ignored { Console.line("ignored \(path): \(reason)") }
    }
    guard plan.fits else {
      throw FlowError(
        .failed, session.registryPath.string,
        reason: "the build may need \(ByteCount.text(plan.writes)), but only \(ByteCount.text(plan.free)) are free",
        hint: "free some space, or use a registry on another disk with --registry DIR")
    }
  }

  private func output(_ plan: PackagePlan) -> Output {
    let hasDestination = to != nil
    return Output(
      layers: plan.layers.map {
        Layer(
          role: $0.role, title: $0.title, state: $0.state.rawValue, reason: $0.reason, size: $0.size, digest: $0.digest,
          transfer: $0.transfer?.rawValue)
      },
      settings: plan.settings, moved: plan.moves.map { Moved(path: $0.path, place: $0.place) },
      ignored: plan.ignored.map { Ignored(path: $0.path, reason: $0.reason) }, reads: plan.reads, writes: plan.writes,
      seconds: plan.seconds, free: plan.free, uploads: hasDestination ? plan.bytes(.uploaded) : nil,
      mounts: hasDestination ? plan.bytes(.mounted) : nil, skips: hasDestination ? plan.bytes(.skipped) : nil,
      contract: plan.contract)
  }

  private static func text(_ contract: [PlannedRule]) -> String {
    guard !contract.isEmpty else { return "\ncontract: callers may send whatever the model takes\n" }
    var table = TextTable(["CONTRACT", "RULE", "VALUE", "THEN", "FROM"])
    for rule in contract { table.add([rule.column, rule.rule, rule.value, rule.then, rule.from]) }
    return "\n\(table.text)\n"
  }

  private func text(_ plan: PackagePlan) -> String {
    var table = TextTable(["LAYER", "SIZE", "BUILD"] + (to == nil ? [] : ["PUSH"]) + ["WHAT"], right: [1])
    for layer in plan.layers {
      let what = layer.reason.map { "\(layer.title): \($0)" } ?? layer.title
      table.add(
        [layer.role, ByteCount.text(layer.size), layer.state.rawValue] + (layer.transfer.map { [$0.rawValue] } ?? [])
          + [what])
    }
    var lines = table.text
    lines += "\nreads \(ByteCount.text(plan.reads)), writes at most \(ByteCount.text(plan.writes)) of "
    lines += "\(ByteCount.text(plan.free)) free"
    if plan.writes > 0 {
      lines +=
        plan.seconds.map { $0 < 1 ? ", takes less than a second" : ", takes about \(Int($0.rounded())) s" }
        ?? ", takes an unknown time, since nothing was built here before"
    }
    if let to {
      lines += "; uploads \(ByteCount.text(plan.bytes(.uploaded))) to \(to), mounts "
      lines += "\(ByteCount.text(plan.bytes(.mounted))), skips \(ByteCount.text(plan.bytes(.skipped)))"
    }
    for (path, place) in plan.moves.prefix(20) {
      lines += "\n\(path) goes to \(place), because of a link in the base"
    }
    if plan.moves.count > 20 { lines += "\n\(plan.moves.count - 20) more go elsewhere" }
    return lines + "\n"
  }
}
