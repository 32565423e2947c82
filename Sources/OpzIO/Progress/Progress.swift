/// What a long piece of work tells about itself. Items are named by what they are: `layer 3f2a..`, `model.json`.
public enum ProgressEvent: Sendable {
  /// So many more items and bytes are to come, some of which may be there already: what a total is made of.
  case planned(items: Int, bytes: UInt64)
  /// An item begins; `total` bytes, where they are known.
  case started(item: String, total: UInt64?)
  /// More bytes of an item are done.
  case advanced(item: String, bytes: UInt64)
  /// An item's bytes so far no longer count: it starts over.
  case restarted(item: String)
  /// Bytes of an item that were sent and do not count: they are sent again.
  case repeated(item: String, bytes: UInt64)
  /// Bytes of an item that an earlier attempt had brought.
  case kept(item: String, bytes: UInt64)
  case finished(item: String, outcome: ProgressOutcome)
  /// A line for people.
  case note(String)
}

public enum ProgressOutcome: String, Sendable {
  case done
  /// It was there already.
  case existed
  /// The registry took it from another repository.
  case mounted
  case failed
}

/// Where progress goes: a terminal, a log, nowhere.
public protocol ProgressSink: Sendable {
  func report(_ event: ProgressEvent)
}

/// Tells nobody.
public struct NoProgress: ProgressSink {
  public init() {}
  public func report(_ event: ProgressEvent) {}
}
