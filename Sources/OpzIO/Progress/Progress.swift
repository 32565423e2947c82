/// What long-running work reports about itself. Items have names such as `layer 3f2a..` or `model.json`.
public enum ProgressEvent: Sendable {
  /// Adds items and bytes to the expected total; some of them may turn out to exist already.
  case planned(items: Int, bytes: UInt64)
  /// An item starts; `total` is its size in bytes, if known.
  case started(item: String, total: UInt64?)
  /// More bytes of an item were transferred.
  case advanced(item: String, bytes: UInt64)
  /// An item starts over: its bytes so far no longer count.
  case restarted(item: String)
  /// Bytes of an item that were sent in vain and are sent again.
  case repeated(item: String, bytes: UInt64)
  /// Bytes of an item that an earlier attempt transferred.
  case kept(item: String, bytes: UInt64)
  case finished(item: String, outcome: ProgressOutcome)
  /// A line of text for people.
  case note(String)
}

/// How an item of work ended.
public enum ProgressOutcome: String, Sendable {
  case done
  /// The destination already had it.
  case existed
  /// The remote registry mounted it from another repository.
  case mounted
  case failed
}

/// A receiver of progress: a terminal, a log, nothing.
public protocol ProgressSink: Sendable {
  /// Receives an event. Called from any thread, also concurrently; it must return quickly.
  func report(_ event: ProgressEvent)
}

/// A sink that discards all events.
public struct NoProgress: ProgressSink {
  /// Makes a sink.
  public init() {}
  /// Does nothing.
  public func report(_ event: ProgressEvent) {}
}
