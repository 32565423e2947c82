import OpzModel

/// An array of an .npy file (numpy.lib.format, versions 1 to 3): numbers, truth values, texts, or records of them.
/// Arrays of Python objects, which are pickles, are refused.
struct NumpyArray {
  /// What an element is.
  struct Element {
    enum Kind {
      case float, signed, unsigned, truth, text, bytes, record
    }

    let kind: Kind
    /// In bytes.
    let size: Int
    let isBigEndian: Bool
  }

  /// A member of a record.
  private struct Field {
    let name: String
    let element: Element
    /// From the record's first byte.
    let offset: Int
  }

  /// The length of each axis.
  let shape: [Int]
  let element: Element
  /// How many elements there are.
  let count: Int
  private let fields: [Field]
  private let isFortran: Bool
  /// The elements' bytes.
  private let bytes: ArraySlice<UInt8>
  /// Where the first element begins in `bytes`, and from one to the next; records have others between.
  private let start: Int
  private let step: Int
  /// For errors.
  private let place: String

  /// Reads a file.
  /// - Parameter place: the file's name, for errors.
  /// - Throws: `ModelError.damaged`, or `unsupported` for elements that are not read.
  init(npy file: ArraySlice<UInt8>, place: String) throws {
    let (header, content) = try NumpyArray.header(file, place)
    guard let order = header["fortran_order"]?.truth, let shape = header["shape"]?.list?.compactMap(\.integer),
      shape.count == header["shape"]?.list?.count, let type = header["descr"]
    else { throw NumpyArray.damaged(place, "the array's header lacks its type or shape") }
    var count = 1
    for length in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else { throw NumpyArray.damaged(place, "the array's shape is too large") }
      count = product
    }
    (element, fields) = try NumpyArray.type(type, place)
    let (size, overflow) = count.multipliedReportingOverflow(by: element.size)
    guard !overflow, size == content.count, size > 0 || count <= 1 << 16 else {
      throw NumpyArray.damaged(place, "\(content.count) bytes for an array of \(count) elements")
    }
    self.shape = shape
    self.count = count
    isFortran = order && shape.count > 1
    bytes = content
    start = 0
    step = element.size
    self.place = place
  }

  private init(field: Field, of array: NumpyArray) {
    shape = array.shape
    element = field.element
    count = array.count
    fields = []
    isFortran = array.isFortran
    bytes = array.bytes
    start = field.offset
    step = array.step
    place = "\(array.place): \(field.name)"
  }

  /// A member of the records, as an array; nil if they have none of this name.
  func field(_ name: String) -> NumpyArray? {
    fields.first { $0.name == name }.map { NumpyArray(field: $0, of: self) }
  }

  // MARK: Elements

  /// All elements as numbers, the last axis first; whole numbers are exact to 2^53.
  /// - Throws: `ModelError.damaged` if they are no numbers.
  func doubles() throws -> [Double] {
    switch (element.kind, element.size) {
    case (.float, 8): try elements(UInt64.self) { Double(bitPattern: $0) }
    case (.float, 4): try elements(UInt32.self) { Double(Float(bitPattern: $0)) }
    default: try integers().map { Double($0) }
    }
  }

  /// All elements as whole numbers, the last axis first.
  /// - Throws: `ModelError.damaged` if they are none or beyond 63 bits.
  func integers() throws -> [Int] {
    switch (element.kind, element.size) {
    case (.signed, 8): try elements(UInt64.self) { Int(Int64(bitPattern: $0)) }
    case (.signed, 4): try elements(UInt32.self) { Int(Int32(bitPattern: $0)) }
    case (.signed, 2): try elements(UInt16.self) { Int(Int16(bitPattern: $0)) }
    case (.signed, 1): try elements(UInt8.self) { Int(Int8(bitPattern: $0)) }
    case (.unsigned, 8): try elements(UInt64.self) { Int(clamping: $0) }
    case (.unsigned, 4): try elements(UInt32.self) { Int($0) }
    case (.unsigned, 2): try elements(UInt16.self) { Int($0) }
    case (.unsigned, 1), (.truth, 1): try elements(UInt8.self) { Int($0) }
    default: throw NumpyArray.damaged(place, "the array does not have whole numbers")
    }
  }

  /// All elements as texts, the last axis first; trailing NULs are padding.
  /// - Throws: `ModelError.damaged` if they are none.
  func texts() throws -> [String] {
    guard element.kind == .text || element.kind == .bytes else {
      throw NumpyArray.damaged(place, "the array does not have texts")
    }
    return try (0..<count).map { index in
      let first = bytes.startIndex + start + position(index) * step
      let own = bytes[first..<first + element.size]
      let text = element.kind == .bytes ? String(validating: own.trimmed, as: UTF8.self) : utf32(own)
      guard let text else { throw NumpyArray.damaged(place, "a text is not Unicode") }
      return text
    }
  }

  private func utf32(_ own: ArraySlice<UInt8>) -> String? {
    var scalars = String.UnicodeScalarView()
    var padding = 0
    for first in stride(from: own.startIndex, to: own.endIndex, by: 4) {
      let code = (0..<4).reduce(UInt32(0)) { code, index in
        code | UInt32(own[first + index]) << UInt32(8 * (element.isBigEndian ? 3 - index : index))
      }
      guard let scalar = Unicode.Scalar(code) else { return nil }
      if code == 0 {
        padding += 1
      } else {
        scalars.append(contentsOf: repeatElement("\0", count: padding))
        padding = 0
        scalars.append(scalar)
      }
    }
    return String(scalars)
  }

  private func elements<Raw: FixedWidthInteger, Value>(_: Raw.Type, _ make: (Raw) -> Value) throws -> [Value] {
    bytes.withUnsafeBytes { raw in
      (0..<count).map { index in
        let value = raw.loadUnaligned(fromByteOffset: start + position(index) * step, as: Raw.self)
        return make(element.isBigEndian ? Raw(bigEndian: value) : Raw(littleEndian: value))
      }
    }
  }

  /// Where in the file the element is that is number `index` with the last axis first.
  private func position(_ index: Int) -> Int {
    guard isFortran else { return index }
    var (rest, position) = (index, 0)
    // In the file the first axis is the fastest.
    var weight = count
    for length in shape.reversed() {
      weight /= length
      position += rest % length * weight
      rest /= length
    }
    return position
  }

  // MARK: Header

  private static func header(_ file: ArraySlice<UInt8>, _ place: String) throws -> (NumpyLiteral, ArraySlice<UInt8>) {
    let start = file.startIndex
    guard file.count >= 10, file.starts(with: [0x93] + Array("NUMPY".utf8)), (1...3).contains(file[start + 6]) else {
      throw damaged(place, "not an array of numpy")
    }
    let size = file[start + 6] == 1 ? 2 : 4
    guard file.count >= 8 + size else { throw damaged(place, "the array is cut off") }
    let length = (0..<size).reduce(0) { $0 | Int(file[start + 8 + $1]) << (8 * $1) }
    guard length <= 1 << 20, length <= file.count - 8 - size else { throw damaged(place, "the array is cut off") }
    let text = file[(start + 8 + size)..<(start + 8 + size + length)]
    guard let header = NumpyLiteral.parse(text) else { throw damaged(place, "the array's header is damaged") }
    return (header, file[(start + 8 + size + length)...])
  }

  private static func type(_ literal: NumpyLiteral, _ place: String) throws -> (Element, [Field]) {
    if let text = literal.text { return (try element(text, place), []) }
    var fields: [Field] = []
    var offset = 0
    for item in literal.list ?? [] {
      // Padding is a field without a name.
      guard let pair = item.list, pair.count == 2, let name = pair[0].text, let text = pair[1].text else {
        throw damaged(place, "a record with a member that is not one number")
      }
      let element = try element(text, place)
      if !name.isEmpty { fields.append(Field(name: name, element: element, offset: offset)) }
      offset += element.size
    }
    guard !fields.isEmpty, offset <= 1 << 16 else { throw damaged(place, "the array's type is damaged") }
    return (Element(kind: .record, size: offset, isBigEndian: false), fields)
  }

  /// `<f8`: the order of bytes, a kind and a size; the size of texts is in characters of four bytes.
  private static func element(_ text: String, _ place: String) throws -> Element {
    let bytes = Array(text.utf8)
    let kinds: [UInt8: Element.Kind] = [
      UInt8(ascii: "f"): .float, UInt8(ascii: "i"): .signed, UInt8(ascii: "u"): .unsigned, UInt8(ascii: "b"): .truth,
      UInt8(ascii: "U"): .text, UInt8(ascii: "S"): .bytes, UInt8(ascii: "V"): .record,
    ]
    guard bytes.count >= 3, bytes.count <= 10, "<>|=".utf8.contains(bytes[0]), let kind = kinds[bytes[1]],
      let size = Int(String(decoding: bytes[2...], as: UTF8.self)), size >= 0, size <= 1 << 16
    else {
      throw ModelError(
        .unsupported, place, reason: "an array of the type \(text.prefix(40)), which opz does not read",
        hint: "train with numbers or texts")
    }
    return Element(
      kind: kind, size: kind == .text ? size * 4 : size, isBigEndian: bytes[0] == UInt8(ascii: ">"))
  }

  private static func damaged(_ place: String, _ reason: String) -> ModelError {
    ModelError(.damaged, place, reason: reason, hint: "save the model again")
  }
}

extension ArraySlice<UInt8> {
  /// Without the NULs at the end.
  fileprivate var trimmed: ArraySlice<UInt8> { self[..<((lastIndex { $0 != 0 } ?? startIndex - 1) + 1)] }
}
