/// What a JSON reader accepts. Duplicate keys in an object are always refused: readers disagree about which of them
/// counts.
public struct JSONOptions: Sendable, Hashable {
  /// The deepest nesting of objects and lists that any reader of opz accepts. Reading must fit on the 512 KiB stacks
  /// of Swift's cooperative threads.
  public static let depthLimit = 128

  /// Which numbers that are not finite are accepted, outside the JSON standard.
  public enum NonFinite: Sendable {
    /// None, as RFC 8259 requires.
    case refused
    /// `NaN`, which Python's json module writes.
    case nan
    /// `NaN`, `Infinity` and `-Infinity`, as XGBoost and Python write them.
    case all
  }

  public var depth = JSONOptions.depthLimit
  public var nonFinite = NonFinite.refused
  /// The longest number, in characters.
  public var numberLength = 1024
  /// The most keys in one object.
  public var memberCount = Int.max
  /// The most values in the whole text, including keys: a parsed value can take a hundred times the memory of its
  /// shortest text.
  public var valueCount = Int.max
  /// The largest text in bytes; at most 2 GiB.
  public var size = Int(Int32.max)

  /// Options with the default depth and length of numbers; `size` is capped at 2 GiB.
  public init(nonFinite: NonFinite = .refused, memberCount: Int = .max, size: Int = Int(Int32.max)) {
    self.nonFinite = nonFinite
    self.memberCount = memberCount
    self.size = min(size, Int(Int32.max))
  }
}
