/// The history of a HorizontalPodAutoscaler: its recommendations, or its changes in one direction. Expired entries
/// are not removed but overwritten, as the controller does, so that the log stays short.
public struct ReplicaLog: Sendable, Hashable {
  /// One recommendation or change.
  public struct Entry: Sendable, Hashable {
    /// A number of replicas, or of replicas added or removed.
    public var value: Int
    /// Seconds on any common clock.
    public var at: Double
    /// Whether the next entry may overwrite this one.
    public var isOutdated: Bool

    /// Creates an entry.
    /// - Parameter at: seconds on any common clock.
    public init(_ value: Int, at: Double, isOutdated: Bool = false) {
      self.value = value
      self.at = at
      self.isOutdated = isOutdated
    }
  }

  public private(set) var entries: [Entry]

  /// Creates a log with the given history.
  public init(_ entries: [Entry] = []) { self.entries = entries }

  /// Adds an entry, in place of an expired one if there is one.
  /// - Parameter kept: seconds for which an entry can count.
  public mutating func add(_ value: Int, at now: Double, kept: Double) {
    for index in entries.indices where entries[index].at < now - kept { entries[index].isOutdated = true }
    let entry = Entry(value, at: now)
    if let old = entries.lastIndex(where: \.isOutdated) { entries[old] = entry } else { entries.append(entry) }
  }

  /// The values of the last `seconds`.
  public func values(within seconds: Double, of now: Double) -> [Int] {
    entries.filter { $0.at > now - seconds }.map(\.value)
  }
}
