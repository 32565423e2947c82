/// How the value of a field is stored (protobuf.dev, "Encoding", "Message Structure"). Groups, types 3 and 4, are
/// refused: proto2 alone had them.
public enum WireType: UInt8, Sendable {
  case varint = 0
  case fixed64 = 1
  case lengthDelimited = 2
  case fixed32 = 5
}

/// The number of a field and how its value is stored: what stands before each value.
public struct WireField: Sendable, Hashable {
  /// The greatest number of a field.
  public static let limit = (1 << 29) - 1

  /// From 1 to `limit`.
  public let number: Int
  public let type: WireType

  /// Creates a field's tag.
  public init(_ number: Int, _ type: WireType) {
    self.number = number
    self.type = type
  }
}

/// What a reader accepts of a message from outside.
public struct WireLimits: Sendable {
  /// The maximum size of a message in bytes; the protobuf libraries refuse 2 GiB too.
  public var size = Int(Int32.max)
  /// How deep messages may be nested, as in the protobuf libraries.
  public var depth = 100
  /// The maximum number of elements of a repeated field that is read into memory at once.
  public var elements = 1 << 28

  /// The limits of the protobuf libraries.
  public init() {}
}
