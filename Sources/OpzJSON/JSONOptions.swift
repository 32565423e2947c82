/// What a reader of JSON takes and what it refuses. A key that comes twice in an object is always refused: readers disagree about which one counts.
public struct JSONOptions: Sendable, Hashable {
  /// How deep objects and lists may nest, in every reader of opz. It has to leave room on the 512 KiB stacks of Swift's own threads.
  public static let depthLimit = 128

  public enum NonFinite: Sendable {
    /// As RFC 8259 has it.
    case refused
    /// `NaN`, which Python's json module writes.
    case nan
    /// `NaN`, `Infinity` and `-Infinity`: what XGBoost and Python write.
    case all
  }

  public var depth = JSONOptions.depthLimit
  public var nonFinite = NonFinite.refused
  /// Characters of one number.
  public var numberLength = 1024
  /// Keys of one object.
  public var memberCount = Int.max
  /// Values of the whole text, keys among them: what a value is made into takes a hundred times the room of its shortest text.
  public var valueCount = Int.max
  /// Bytes of the whole text; at most 2 GiB.
  public var size = Int(Int32.max)

  public init(nonFinite: NonFinite = .refused, memberCount: Int = .max, size: Int = Int(Int32.max)) {
    self.nonFinite = nonFinite
    self.memberCount = memberCount
    self.size = min(size, Int(Int32.max))
  }
}
