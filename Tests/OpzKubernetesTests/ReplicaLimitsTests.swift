import FoundationEssentials
import OpzIO
import OpzKubernetes
import OpzTestKit
import Testing

/// The controller's own tables of limits and windows. Fixtures/README.md explains the file's keys.
struct BehaviorTables: Decodable, Sendable {
  struct Policy: Decodable, Sendable {
    let type: String
    let value: Int
    let period_s: Double
  }
  struct Rules: Decodable, Sendable {
    let stabilizationWindow_s: Double?
    let selectPolicy: String?
    let policies: [Policy]?
  }
  struct Event: Decodable, Sendable {
    let replicaChange: Int
    let t_s: Double?
    let outdated: Bool?
  }
  struct Recommendation: Decodable, Sendable {
    let recommendation: Int
    let t_s: Double
  }
  /// A row of any of the tables.
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let currentReplicas: Int?
    let desiredReplicas: Int?
    let minReplicas: Int?
    let maxReplicas: Int?
    let scaleUpLimitFactor: Double?
    let scaleUpLimitMinimum: Double?
    let scaleUp: Rules?
    let scaleDown: Rules?
    let scaleUpEvents: [Event]?
    let scaleDownEvents: [Event]?
    let rules: Rules?
    let direction: String?
    let expectedRules: Rules?
    let replicaChange: Int?
    let eventsBefore: [Event]?
    let changePeriod_s: Double?
    let downscaleStabilizationWindow_s: Double?
    let scaleUpStabilizationWindow_s: Double?
    let scaleDownStabilizationWindow_s: Double?
    let recommendations: [Recommendation]?
    let expectedReplicas: Int?
    let expectedLimit: Int?
    let expectedRecommendationCount: Int?
    let expectedRecommendations: [Int]?
    let expectedChangeInPeriod: Int?
    let expectedEventsAfter: [Event]?
    var testDescription: String { name }
  }

  let convertDesiredReplicasWithRules: [Case]
  let scaleUpLimitWithRules: [Case]
  let scaleDownLimitWithRules: [Case]
  let stabilizeRecommendation: [Case]
  let behaviorRate: [Case]
  let storeScaleEvents: [Case]
  let stabilizeRecommendationWithBehavior: [Case]
  let defaultRules: [Case]

  /// The fixture is part of the source: a test counts its rows, so an unreadable one cannot pass.
  static let all: BehaviorTables? = {
    guard let bytes = try? FileBlob(KubernetesFixture.path("hpa-behavior.json")).bytes() else { return nil }
    return try? JSONDecoder().decode(BehaviorTables.self, from: Data(bytes))
  }()
}

extension BehaviorTables.Rules {
  fileprivate var read: (window: Double?, selection: ScalingRules.Selection?, policies: [ScalingRules.Policy]?) {
    (
      stabilizationWindow_s, selectPolicy.flatMap(ScalingRules.Selection.init),
      policies?.compactMap { policy in
        ScalingRules.Policy.Kind(rawValue: policy.type).map { .init($0, policy.value, period: policy.period_s) }
      }
    )
  }
  fileprivate var rules: ScalingRules {
    ScalingRules(window: read.window, selection: read.selection ?? .max, policies: read.policies ?? [])
  }
}

@Suite("Limits and windows of a HorizontalPodAutoscaler")
struct ReplicaLimitsTests {
  private static func log(_ events: [BehaviorTables.Event]?) -> ReplicaLog {
    ReplicaLog((events ?? []).map { .init($0.replicaChange, at: $0.t_s ?? 0, isOutdated: $0.outdated ?? false) })
  }

  @Test("every row of the oracle is read")
  func count() throws {
    let tables = try #require(BehaviorTables.all)
    let counts = [
      tables.convertDesiredReplicasWithRules, tables.scaleUpLimitWithRules, tables.scaleDownLimitWithRules,
      tables.stabilizeRecommendation, tables.behaviorRate, tables.storeScaleEvents,
      tables.stabilizeRecommendationWithBehavior, tables.defaultRules,
    ].map(\.count)
    #expect(counts == [4, 1, 1, 3, 24, 6, 7, 8])
  }

  @Test("without a behavior", arguments: BehaviorTables.all?.convertDesiredReplicasWithRules ?? [])
  func plain(row: BehaviorTables.Case) throws {
    let replicas = ReplicaLimits.plain(
      current: try #require(row.currentReplicas), desired: try #require(row.desiredReplicas),
      minReplicas: try #require(row.minReplicas), maxReplicas: try #require(row.maxReplicas),
      factor: try #require(row.scaleUpLimitFactor), minimum: try #require(row.scaleUpLimitMinimum))
    #expect(replicas == row.expectedReplicas)
  }

  @Test("the policies of one direction", arguments: [true, false])
  func policies(isUp: Bool) throws {
    let tables = try #require(BehaviorTables.all)
    for row in isUp ? tables.scaleUpLimitWithRules : tables.scaleDownLimitWithRules {
      let rules = try #require(row.rules).rules
      let limits = ReplicaLimits(minReplicas: 0, maxReplicas: 1000, up: rules, down: rules)
      let replicas = limits.limited(
        current: try #require(row.currentReplicas), desired: isUp ? 1000 : 0,
        added: ReplicaLimitsTests.log(row.scaleUpEvents), removed: ReplicaLimitsTests.log(row.scaleDownEvents), now: 0)
      #expect(replicas == row.expectedLimit, "\(row.name)")
    }
  }

  @Test("policies, with earlier changes", arguments: BehaviorTables.all?.behaviorRate ?? [])
  func rate(row: BehaviorTables.Case) throws {
    let limits = ReplicaLimits(
      minReplicas: try #require(row.minReplicas), maxReplicas: try #require(row.maxReplicas),
      up: try #require(row.scaleUp).rules,
      down: try #require(row.scaleDown).rules)
    let replicas = limits.limited(
      current: try #require(row.currentReplicas), desired: try #require(row.desiredReplicas),
      added: ReplicaLimitsTests.log(row.scaleUpEvents), removed: ReplicaLimitsTests.log(row.scaleDownEvents), now: 0)
    #expect(replicas == row.expectedReplicas)
  }

  @Test("which changes are recorded", arguments: BehaviorTables.all?.storeScaleEvents ?? [])
  func events(row: BehaviorTables.Case) throws {
    var log = ReplicaLimitsTests.log(row.eventsBefore)
    let period = try #require(row.changePeriod_s)
    // Without a behavior, no change is recorded, because none is looked up.
    if let rules = row.rules?.rules {
      #expect(log.values(within: period, of: 0).reduce(0, +) == row.expectedChangeInPeriod)
      log.add(try #require(row.replicaChange), at: 0, kept: rules.policies.map(\.period).max() ?? 0)
    }
    let expected = try #require(row.expectedEventsAfter)
    #expect(log.entries.map(\.value) == expected.map(\.replicaChange))
    #expect(log.entries.map(\.isOutdated) == expected.map { $0.outdated ?? false })
  }

  @Test("the window without a behavior", arguments: BehaviorTables.all?.stabilizeRecommendation ?? [])
  func window(row: BehaviorTables.Case) throws {
    var log = ReplicaLog((row.recommendations ?? []).map { .init($0.recommendation, at: $0.t_s) })
    let replicas = ReplicaLimits.stabilized(
      try #require(row.desiredReplicas), &log, window: try #require(row.downscaleStabilizationWindow_s), now: 0)
    #expect(replicas == row.expectedReplicas)
    #expect(log.entries.count == row.expectedRecommendationCount)
  }

  @Test("both windows", arguments: BehaviorTables.all?.stabilizeRecommendationWithBehavior ?? [])
  func windows(row: BehaviorTables.Case) throws {
    var log = ReplicaLog((row.recommendations ?? []).map { .init($0.recommendation, at: $0.t_s) })
    let limits = ReplicaLimits(
      minReplicas: 0, maxReplicas: 1000, up: .upward(window: row.scaleUpStabilizationWindow_s),
      down: .downward(window: row.scaleDownStabilizationWindow_s))
    let replicas = limits.stabilized(
      current: try #require(row.currentReplicas), desired: try #require(row.desiredReplicas), &log, now: 0)
    #expect(replicas == row.expectedReplicas)
    if let expected = row.expectedRecommendations { #expect(log.entries.map(\.value) == expected) }
  }

  @Test("the API server's defaults", arguments: BehaviorTables.all?.defaultRules ?? [])
  func defaults(row: BehaviorTables.Case) throws {
    let given = try #require(row.rules).read
    let filled: ScalingRules =
      row.direction == "up"
      ? .upward(window: given.window, selection: given.selection, policies: given.policies)
      : .downward(window: given.window, selection: given.selection, policies: given.policies)
    #expect(filled == row.expectedRules?.rules)
  }

  /// A pitfall of the documentation: an empty behavior is not the same as none.
  @Test("from one replica, no behavior allows four, and an empty behavior allows five")
  func trap() {
    #expect(ReplicaLimits.plain(current: 1, desired: 100, minReplicas: 1, maxReplicas: 100) == 4)
    let empty = ReplicaLimits(minReplicas: 1, maxReplicas: 100)
    #expect(empty.limited(current: 1, desired: 100, added: ReplicaLog(), removed: ReplicaLog(), now: 0) == 5)
  }

  @Test("a disabled direction does not scale, but the bounds still apply")
  func disabled() {
    let off = ScalingRules(window: 0, selection: .disabled, policies: [.init(.percent, 100, period: 15)])
    let limits = ReplicaLimits(minReplicas: 2, maxReplicas: 9, up: off, down: off)
    for desired in [0, 5, 100] {
      #expect(limits.limited(current: 5, desired: desired, added: ReplicaLog(), removed: ReplicaLog(), now: 0) == 5)
    }
  }

  @Test("extreme numbers do not trap", arguments: [Int.min, -1, 0, 1, Int(Int32.max), .max])
  func hostile(number: Int) {
    let rules = ScalingRules(
      window: 0, policies: [.init(.percent, number, period: 15), .init(.pods, number, period: .infinity)])
    let limits = ReplicaLimits(minReplicas: number, maxReplicas: number, up: rules, down: rules)
    var log = ReplicaLog([.init(number, at: -1), .init(number, at: -1)])
    for current in [0, 5, number] {
      _ = limits.limited(current: current, desired: number, added: log, removed: log, now: 0)
      _ = limits.limited(current: current, desired: 7, added: log, removed: log, now: 0)
      _ = limits.stabilized(current: current, desired: number, &log, now: 0)
      _ = ReplicaLimits.plain(current: current, desired: number, minReplicas: number, maxReplicas: number)
      _ = ScaleUpPath(ReplicaLimits(minReplicas: 0, maxReplicas: 100, up: rules), from: current)
    }
  }

  struct Path: Sendable, CustomTestStringConvertible {
    let rules: ScalingRules
    let from: Int
    let to: Int
    let text: String
    let seconds: Int
    var testDescription: String { "\(text) in \(seconds)" }
  }

  static let paths: [Path] = [
    // The default: the larger of 4 pods and 100% in 15 s.
    Path(rules: .upward(), from: 2, to: 20, text: "6, 12, 20", seconds: 30),
    Path(rules: .upward(), from: 1, to: 100, text: "5, 10, 20, 40, 80, 100", seconds: 75),
    Path(rules: .upward(), from: 0, to: 5, text: "5", seconds: 0),
    // One pod per minute: immediately, and then every 60 s.
    Path(rules: .upward(policies: [.init(.pods, 1, period: 60)]), from: 2, to: 5, text: "3, 4, 5", seconds: 120),
    // A period between two syncs ends at the next one.
    Path(rules: .upward(policies: [.init(.pods, 1, period: 50)]), from: 2, to: 4, text: "3, 4", seconds: 60),
    // The window delays the first step.
    Path(rules: .upward(window: 60), from: 2, to: 6, text: "6", seconds: 60),
    Path(rules: .upward(window: 61), from: 2, to: 6, text: "6", seconds: 75),
    // The smaller of two policies; a percentage is rounded up, so that at least one pod is added.
    Path(
      rules: .upward(selection: .min, policies: [.init(.pods, 4, period: 15), .init(.percent, 10, period: 15)]),
      from: 2,
      to: 5, text: "3, 4, 5", seconds: 30),
    Path(
      rules: .upward(policies: [.init(.pods, 1, period: 15)]), from: 1, to: 12, text: "2, 3, 4, 5, ..., 11, 12",
      seconds: 150),
  ]

  @Test("how long a load peak waits", arguments: paths)
  func path(path: Path) {
    let found = ScaleUpPath(
      ReplicaLimits(minReplicas: path.from, maxReplicas: path.to, up: path.rules), from: path.from)
    #expect(found.text == path.text)
    #expect(found.seconds == path.seconds)
    #expect(found.reachesMaximum)
  }

  /// The path keeps running sums; the log that the controller's tables test is the oracle.
  @Test("the path equals that of the limits and the log, sync by sync", arguments: 0..<30 as Range<UInt64>)
  func sums(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let policies = (0..<Int.random(in: 1...4, using: &random)).map { _ in
      ScalingRules.Policy(
        Bool.random(using: &random) ? .pods : .percent, Int.random(in: 1...60, using: &random),
        period: Double(Int.random(in: 1...400, using: &random)))
    }
    let rules = ScalingRules.upward(
      window: Double(Int.random(in: 0...120, using: &random)), selection: Bool.random(using: &random) ? .max : .min,
      policies: policies)
    let limits = ReplicaLimits(minReplicas: 1, maxReplicas: Int.random(in: 2...200, using: &random), up: rules)
    let path = ScaleUpPath(limits, from: 1)
    var (current, now, steps) = (1, 0.0, [ScaleUpPath.Step]())
    var added = ReplicaLog()
    var log = ReplicaLog([.init(1, at: 0)])
    while current < limits.maxReplicas, now <= 86_400 {
      let wanted = limits.stabilized(current: current, desired: limits.maxReplicas, &log, now: now)
      let next = limits.limited(current: current, desired: wanted, added: added, removed: ReplicaLog(), now: now)
      if next > current {
        added.add(next - current, at: now, kept: policies.map(\.period).max() ?? 0)
        steps.append(.init(seconds: Int(now), replicas: next))
        current = next
      }
      now += ReplicaLimits.syncPeriod
    }
    #expect(path.steps == steps)
  }

  @Test("a path that never reaches the maximum says so")
  func never() {
    let slow = ScalingRules.upward(policies: [.init(.pods, 1, period: 1800)])
    #expect(ScaleUpPath(ReplicaLimits(minReplicas: 1, maxReplicas: 51, up: slow), from: 1).reachesMaximum == false)
    #expect(ScaleUpPath(ReplicaLimits(minReplicas: 1, maxReplicas: 50, up: slow), from: 1).seconds == 48 * 1800)
    let off = ScalingRules.upward(selection: .disabled)
    #expect(ScaleUpPath(ReplicaLimits(minReplicas: 1, maxReplicas: 2, up: off), from: 1).steps.isEmpty)
  }
}
