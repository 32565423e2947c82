public import OpzIO

/// Keeps what is written, in memory.
public struct CollectingSink: ByteSink {
  /// All that was written.
  public private(set) var bytes: [UInt8] = []

  /// Creates an empty sink.
  public init() {}

  /// Appends the bytes.
  public mutating func write(_ buffer: UnsafeRawBufferPointer) throws { bytes.append(contentsOf: buffer) }

  /// The bytes as text.
  public var text: String { String(decoding: bytes, as: UTF8.self) }
}
