/// What a HorizontalPodAutoscaler remembers of one kind: recommendations, or changes in one direction. What is too old is not taken out but
/// written over, as the controller does, so that the log stays as short as it can be.
public struct ReplicaLog: Sendable, Hashable {
  public struct Entry: Sendable, Hashable {
    public var value: Int
    /// Seconds on any one clock.
    public var at: Double
    public var isOutdated: Bool

    public init(_ value: Int, at: Double, isOutdated: Bool = false) {
      self.value = value
      self.at = at
      self.isOutdated = isOutdated
    }
  }

  public private(set) var entries: [Entry]

  public init(_ entries: [Entry] = []) { self.entries = entries }

  /// - Parameter kept: seconds that an entry can still count.
  public mutating func add(_ value: Int, at now: Double, kept: Double) {
    for index in entries.indices where entries[index].at < now - kept { entries[index].isOutdated = true }
    let entry = Entry(value, at: now)
    if let old = entries.lastIndex(where: \.isOutdated) { entries[old] = entry } else { entries.append(entry) }
  }

  /// The values younger than so many seconds.
  public func values(within seconds: Double, of now: Double) -> [Int] {
    entries.filter { $0.at > now - seconds }.map(\.value)
  }
}
