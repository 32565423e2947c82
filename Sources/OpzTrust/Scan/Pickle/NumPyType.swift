/// The type of an array's elements, as described in a header: a code or a name, a list of fields, or a type with a
/// shape (`numpy.lib.format.descr_to_dtype`, `numpy.dtype`).
struct NumPyType {
  /// Size of an element in bytes.
  let size: UInt64
  /// Whether an element contains objects.
  let holdsObjects: Bool

  /// Nil for a description that opz does not understand, even if NumPy does.
  init?(_ description: PythonLiteral, depth: Int = 0) {
    guard depth < 16 else { return nil }
    switch description {
    case .text(let text): self.init(text)
    case .list(let fields):
      var total = NumPyType(size: 0, holdsObjects: false)
      for field in fields {
        // Its name (or title and name), its type, and perhaps its shape.
        guard case .tuple(let parts) = field, (2...3).contains(parts.count),
          let one = NumPyType(parts[1], depth: depth + 1),
          let whole = total.adding(one, times: parts.count == 3 ? NumPyType.count(parts[2]) : 1)
        else { return nil }
        total = whole
      }
      self = total
    case .tuple(let parts):
      guard parts.count == 2, let one = NumPyType(parts[0], depth: depth + 1),
        let whole = NumPyType(size: 0, holdsObjects: false).adding(one, times: NumPyType.count(parts[1]))
      else { return nil }
      self = whole
    default: return nil
    }
  }

  private init(size: UInt64, holdsObjects: Bool) {
    self.size = size
    self.holdsObjects = holdsObjects
  }

  private func adding(_ other: NumPyType, times count: UInt64?) -> NumPyType? {
    guard let count else { return nil }
    let (product, overflow) = other.size.multipliedReportingOverflow(by: count)
    let (sum, carry) = size.addingReportingOverflow(product)
    guard !overflow, !carry else { return nil }
    return NumPyType(size: sum, holdsObjects: holdsObjects || other.holdsObjects)
  }

  /// The number of elements of a shape.
  private static func count(_ shape: PythonLiteral) -> UInt64? {
    let dimensions = if case .tuple(let all) = shape { all } else { [shape] }
    var product: UInt64 = 1
    for dimension in dimensions {
      guard case .number(let length) = dimension, let length = UInt64(exactly: length) else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: length)
      guard !overflow else { return nil }
      product = next
    }
    return product
  }

  /// `<f8`, `|O`, `<M8[ns]`, `<U10`, and names: `float64`, `object`. Lists with commas are not read: NumPy writes none
  /// into a header.
  private init?(_ text: String) {
    var code = Array(text.utf8)[...]
    if let first = code.first, Array("<>=|".utf8).contains(first) { code.removeFirst() }
    if let named = NumPyType.names[String(decoding: code, as: UTF8.self)] {
      self = named
      return
    }
    guard let kind = code.popFirst() else { return nil }
    if Array("mM".utf8).contains(kind) {
      guard code.first == UInt8(ascii: "8") else { return nil }
      let unit = code.dropFirst()
      guard unit.isEmpty || (unit.first == UInt8(ascii: "[") && unit.last == UInt8(ascii: "]")) else { return nil }
      self.init(size: 8, holdsObjects: false)
      return
    }
    if kind == UInt8(ascii: "O"),
      code.isEmpty || code.elementsEqual([UInt8(ascii: "8")])
        || code.elementsEqual([UInt8(ascii: "4")])
    {
      self.init(size: 8, holdsObjects: true)
      return
    }
    guard !code.isEmpty, code.count < 10, code.allSatisfy({ (48...57).contains($0) }),
      let width = UInt64(String(decoding: code, as: UTF8.self))
    else { return nil }
    switch kind {
    case UInt8(ascii: "S"), UInt8(ascii: "V"), UInt8(ascii: "a"): self.init(size: width, holdsObjects: false)
    case UInt8(ascii: "U"): self.init(size: width * 4, holdsObjects: false)
    case UInt8(ascii: "b") where width == 1, UInt8(ascii: "i") where [1, 2, 4, 8].contains(width),
      UInt8(ascii: "u") where [1, 2, 4, 8].contains(width), UInt8(ascii: "f") where [2, 4, 8, 12, 16].contains(width),
      UInt8(ascii: "c") where [8, 16, 24, 32].contains(width):
      self.init(size: width, holdsObjects: false)
    default: return nil
    }
  }

  /// Names and one-letter codes of `numpy.dtype` that have the same size on every platform, and those of objects.
  private static let names: [String: NumPyType] = {
    var all: [String: NumPyType] = [:]
    for name in ["object", "object_", "object0", "Object0", "O"] { all[name] = NumPyType(size: 8, holdsObjects: true) }
    let plain: [(UInt64, String)] = [
      (1, "bool bool_ bool8 ? int8 uint8 byte ubyte b B"), (2, "int16 uint16 short ushort h H float16 half e"),
      (4, "int32 uint32 intc uintc i I float32 single f"),
      (8, "int64 uint64 longlong ulonglong q Q float64 double float d datetime64 timedelta64 complex64 csingle F"),
      (16, "complex128 cdouble complex D"),
    ]
    for (size, names) in plain {
      for name in names.split(separator: " ") { all[String(name)] = NumPyType(size: size, holdsObjects: false) }
    }
    return all
  }()
}
