/// What is known of the memory of one worker, and when it may be replaced because of it.
///
/// A worker that is large because its model is, is as large again after it was replaced. So one is only replaced when it has
/// served for far longer than its replacement takes to load, and then that is put off more and more.
struct WorkerMemory: Sendable {
  /// How many times longer than it loaded a worker serves before it may be replaced.
  private static let worth = 10.0
  private static let leastPause = 1.0
  private static let longestPause = 3600.0
  /// Calls after which a worker has all that its model needs.
  static let settlingCalls = 20
  private static let leastGrowth = 16 << 20

  /// Bytes that it alone had when it had loaded its model; nil where the kernel does not say it.
  private(set) var loaded: Int?
  /// Bytes that it alone had after its first calls; nil until then.
  private(set) var settled: Int?
  private(set) var since = ContinuousClock.now
  /// Seconds from its start until it may be replaced.
  var pause = WorkerMemory.leastPause

  /// A process that has loaded the model.
  /// - Parameter seconds: how long that took.
  mutating func begin(_ bytes: Int?, seconds: Double) {
    (loaded, settled, since) = (bytes, nil, .now)
    pause = max(pause, min(WorkerMemory.longestPause, WorkerMemory.worth * seconds))
  }

  /// Takes a measurement.
  mutating func measured(_ bytes: Int, calls: Int) {
    if settled == nil, calls >= WorkerMemory.settlingCalls { settled = bytes }
  }

  /// Whether a new process would be smaller by much: it has grown by more than an eighth since it had loaded, and by more
  /// than the interpreter's pages, which are its own when the last other process with that interpreter ends.
  func hasGrown(_ bytes: Int) -> Bool {
    loaded.map { bytes > $0.plus(max($0 / 8, WorkerMemory.leastGrowth)) } ?? true
  }

  /// Whether it has served long enough to be replaced.
  func mayBeReplaced(now: ContinuousClock.Instant = .now) -> Bool { now - since >= .seconds(pause) }

  /// Its replacement could not load: the next try is later.
  mutating func putOff(now: ContinuousClock.Instant = .now) {
    (since, pause) = (now, min(WorkerMemory.longestPause, 2 * pause))
  }

  /// Whether it has not served for much longer than it has to.
  func isEarly(now: ContinuousClock.Instant = .now) -> Bool { now - since < .seconds(2 * pause) }

  /// The next process may be replaced later than this one, if this one was too large as soon as it might be replaced.
  mutating func replaced(now: ContinuousClock.Instant = .now) {
    pause = isEarly(now: now) ? min(WorkerMemory.longestPause, 2 * pause) : max(WorkerMemory.leastPause, pause / 2)
  }
}
