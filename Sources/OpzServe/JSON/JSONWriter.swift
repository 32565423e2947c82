/// Writes JSON text piece by piece; the caller keeps it well-formed.
struct JSONWriter {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

  /// Text that is JSON already.
  mutating func raw(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// A string, escaped as RFC 8259 wants it.
  mutating func string(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case UInt8(ascii: "\n"): raw("\\n")
      case UInt8(ascii: "\t"): raw("\\t")
      case ..<0x20:
        raw("\\u00")
        bytes.append(contentsOf: hexDigits[Int(byte)].utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func strings(_ texts: [String]) { list(texts) { $0.string($1) } }

  mutating func number(_ value: some FixedWidthInteger) { bytes.append(contentsOf: value.description.utf8) }

  /// The shortest decimal that reads back to the same 32-bit float. JSON has no text for NaN and infinities: `null`.
  @inline(__always)
  mutating func number(_ value: Float) {
    guard value.isFinite else { return raw("null") }
    // Swift's description is the shortest that round-trips, and short enough to need no memory of its own.
    bytes.append(contentsOf: value.description.utf8)
  }

  /// `[a,b]`
  @inline(__always)
  mutating func list<Element>(_ elements: some Sequence<Element>, _ write: (inout JSONWriter, Element) -> Void) {
    bytes.append(UInt8(ascii: "["))
    var isFirst = true
    for element in elements {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      write(&self, element)
    }
    bytes.append(UInt8(ascii: "]"))
  }
}

private let hexDigits: [String] = (0..<32).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
