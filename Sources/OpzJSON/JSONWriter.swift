/// Writes JSON text piece by piece; the caller keeps it well-formed.
public struct JSONWriter {
  public internal(set) var bytes: [UInt8] = []

  /// Starts an empty text, with room for `capacity` bytes.
  public init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

  init(_ bytes: consuming [UInt8]) { self.bytes = bytes }

  /// Appends text that is JSON already.
  public mutating func raw(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Appends a value that is JSON already.
  public mutating func raw(json value: [UInt8]) { bytes += value }

  /// Appends a string, with only the escapes that RFC 8259 requires.
  public mutating func string(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case UInt8(ascii: "\n"): raw("\\n")
      case UInt8(ascii: "\r"): raw("\\r")
      case UInt8(ascii: "\t"): raw("\\t")
      case ..<0x20:
        raw("\\u00")
        bytes.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
        bytes.append(hexDigit(byte & 15))
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }

  /// Appends a list of strings.
  public mutating func strings(_ texts: [String]) { list(texts) { $0.string($1) } }

  /// Appends a whole number.
  @inlinable
  public mutating func number(_ value: some FixedWidthInteger) { append(value.description) }

  /// Appends the shortest decimal that parses to the same 32-bit float; `null` for NaN and the infinities, which JSON
  /// lacks.
  public mutating func number(_ value: Float) {
    guard value.isFinite else { return raw("null") }
    // Swift's description is the shortest text that round-trips, and is small enough to need no allocation.
    bytes.append(contentsOf: value.description.utf8)
  }

  /// Appends the shortest decimal that parses to the same 64-bit float; `null` for NaN and the infinities.
  public mutating func number(_ value: Double) {
    guard value.isFinite else { return raw("null") }
    append(value.description)
  }

  @usableFromInline
  mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  @usableFromInline
  mutating func append(_ byte: UInt8) { bytes.append(byte) }

  /// Appends a list, `[a,b]`, calling `write` for each element.
  @inlinable
  public mutating func list<Element>(_ elements: some Sequence<Element>, _ write: (inout JSONWriter, Element) -> Void) {
    append(UInt8(ascii: "["))
    var isFirst = true
    for element in elements {
      if !isFirst { append(UInt8(ascii: ",")) }
      isFirst = false
      write(&self, element)
    }
    append(UInt8(ascii: "]"))
  }
}
