import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzHub

/// opz's own client against each fault at each stage, and against each personality. Every run ends with success, which
/// is checked on the disk, or with a typed error, and none hangs.
@Suite("the matrix")
struct MatrixTests {
  struct Cell: Sendable, Hashable, CustomStringConvertible {
    let fault: String
    let stage: FaultStage
    let kind: RequestKind
    /// Strikes each time, not once.
    let isLasting: Bool

    var description: String { "\(fault) \(stage) \(kind.rawValue)\(isLasting ? " always" : "")" }
    var isPull: Bool { kind == .blobGet || kind == .manifestGet }
    var isChunked: Bool { kind == .uploadChunk || kind == .uploadStatus }

    var plan: FaultPlan {
      var rule = FaultRule(fault, stage, kind: kind)
      rule.times = isLasting ? 0 : 1
      if ["stall", "delay", "drip"].contains(fault) { rule.seconds = 0.02 }
      // A client requests an upload's status after a lost connection.
      var plan = FaultPlan(kind == .uploadStatus ? [FaultRule("cut", kind: .uploadChunk), rule] : [rule])
      if kind == .token { plan.tokenSeconds = 3600 }
      return plan
    }
  }

  private static let once: [RequestKind] = [
    .blobHead, .uploadStart, .uploadChunk, .uploadStatus, .uploadFinish, .manifestHead, .manifestPut, .manifestGet,
    .blobGet, .token,
  ]
  private static let lasting: [RequestKind] = [
    .uploadStart, .uploadChunk, .uploadFinish, .manifestPut, .manifestGet, .blobGet,
  ]

  /// `OPZ_TEST_MATRIX=all` runs every cell, which takes some minutes. By default, each fault at each stage strikes one
  /// kind of request once and one kind always; the kinds take turns.
  static let cells: [Cell] = {
    let isWhole = ProcessEnvironment.value("OPZ_TEST_MATRIX") == "all"
    var turn = 0
    return Fault.all.flatMap { fault in
      FaultStage.allCases.flatMap { stage -> [Cell] in
        turn += 1
        return [(once, false), (lasting, true)].flatMap { kinds, isLasting -> [Cell] in
          let fitting = fault.kind.map { only in kinds.contains(only) || !isLasting ? [only] : [] } ?? kinds
          let chosen = isWhole || fitting.isEmpty ? fitting : [fitting[turn % fitting.count]]
          return chosen.map { Cell(fault: fault.name, stage: stage, kind: $0, isLasting: isLasting) }
        }
      }
    }
  }()

  private static let lanes = 4

  /// Cells in which the client is known to behave wrongly: one line each, with the reason.
  private static func known() throws -> Set<String> {
    let file = PackageRoot.path().appending("Tests/OpzHubTests/Fixtures/matrix-known.txt")
    let text = String(decoding: try FileBlob(file).bytes(), as: UTF8.self)
    let lines = text.split(separator: "\n").map { $0.prefix { $0 != "#" } }
    return Set(lines.map { $0.split(separator: " ").joined(separator: " ") })
  }

  @Test("each fault at each stage", arguments: 0..<lanes)
  func faults(_ lane: Int) async throws {
    let hub = try await TestHub { Stage($0) }
    let stage = try #require(hub.responder as? Stage)
    let known = try MatrixTests.known()
    var (runs, successes) = (0, 0)
    // In pairs, because cells that strike once and cells that strike always alternate.
    for (index, cell) in MatrixTests.cells.enumerated() where index / 2 % MatrixTests.lanes == lane {
      let size = cell.isChunked ? 200_000 : 20_000
      let layers = [bytes(size, seed: UInt64(index)), bytes(300, seed: UInt64(index) + 1_000_000)]
      let run = MatrixRun(
        hub: hub, stage: stage, repository: "m/n\(index)", layers: layers, isChunked: cell.isChunked)
      let outcome = await cell.isPull ? run.pull(cell.plan) : run.push(cell.plan)
      runs += 1
      if outcome == .success { successes += 1 }
      guard case .wrong(let what) = outcome else { continue }
      if known.contains("\(cell)") { continue }
      Issue.record("\(cell): \(what)")
    }
    #expect(successes * 3 > runs, "\(successes) of \(runs): many faults that strike once are survived")
    #expect(try await hub.registry.fsck().problems == [])
  }

  @Test("each personality", arguments: RegistryProfile.all.map(\.name))
  func personalities(_ name: String) async throws {
    let hub = try await TestHub { Stage($0) }
    let stage = try #require(hub.responder as? Stage)
    var plan = FaultPlan(personality: name)
    // On a busy machine, a token of 2 seconds may expire before it is used.
    if name == "short-tokens" { plan.tokenSeconds = 6 }
    if ["cloudflare", "nginx-limit"].contains(name) { plan.limit = 1 << 20 }
    let layers = [bytes(20 << 20, seed: 5), bytes(3 << 20, seed: 6), bytes(100, seed: 7)]
    let push = MatrixRun(hub: hub, stage: stage, repository: "p/push", layers: layers)
    let pull = MatrixRun(hub: hub, stage: stage, repository: "p/pull", layers: layers.map { $0 + [1] })
    let known = try MatrixTests.known()
    for (what, outcome) in [("push", await push.push(plan)), ("pull", await pull.pull(plan))] {
      if known.contains("\(name) \(what)") { continue }
      // The artifact's config is of a type that quay does not know, and nexus allows no tag after the digest.
      let isDue =
        ["quay", "nexus"].contains(name) && what == "push" ? outcome == .refused("badResponse") : outcome == .success
      #expect(isDue, "\(name), \(what): \(outcome)")
    }
    #expect(try await hub.registry.fsck().problems == [])
  }
}
