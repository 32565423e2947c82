/// A table of a FlatBuffers document to be written: values by the index of their field.
struct FlatObject {
  indirect enum Value {
    case int8(Int8)
    case int16(Int16)
    case int32(Int32)
    case int64(Int64)
    case text(String)
    case table(FlatObject)
    case tables([FlatObject])
    /// Structs of eight-byte alignment: how many, and their bytes.
    case structs(Int, [UInt8])

    /// Bytes of the value, or of its offset, in its table.
    fileprivate var size: Int {
      switch self {
      case .int8: 1
      case .int16: 2
      case .int64: 8
      case .int32, .text, .table, .tables, .structs: 4
      }
    }
  }

  var fields: [Int: Value]

  /// The document with this root table, padded to eight bytes.
  var document: [UInt8] {
    var bytes: [UInt8] = [0, 0, 0, 0]
    let root = FlatObject.write(self, to: &bytes)
    FlatObject.patch(&bytes, 0, number: UInt32(root))
    FlatObject.pad(&bytes, to: 8)
    return bytes
  }

  // MARK: Layout

  /// Appends a table and what it refers to, and returns where it is. Offsets point forward, so a table comes before its
  /// children.
  private static func write(_ object: FlatObject, to bytes: inout [UInt8]) -> Int {
    let slots = (object.fields.keys.max() ?? -1) + 1
    pad(&bytes, to: 8)
    let vtable = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: 4 + 2 * slots))
    pad(&bytes, to: 8)
    let start = bytes.count
    append(&bytes, UInt32(start - vtable))
    var places: [(Value, Int)] = []
    for (slot, value) in object.fields.sorted(by: { $0.key < $1.key }) {
      pad(&bytes, to: value.size)
      patch(&bytes, vtable + 4 + 2 * slot, number: UInt16(bytes.count - start))
      places.append((value, bytes.count))
      appendInline(value, to: &bytes)
    }
    patch(&bytes, vtable, number: UInt16(4 + 2 * slots))
    patch(&bytes, vtable + 2, number: UInt16(bytes.count - start))
    for (value, place) in places { appendChild(value, from: place, to: &bytes) }
    return start
  }

  private static func appendInline(_ value: Value, to bytes: inout [UInt8]) {
    switch value {
    case .int8(let number): append(&bytes, number)
    case .int16(let number): append(&bytes, number)
    case .int32(let number): append(&bytes, number)
    case .int64(let number): append(&bytes, number)
    case .text, .table, .tables, .structs: append(&bytes, UInt32(0))
    }
  }

  private static func appendChild(_ value: Value, from place: Int, to bytes: inout [UInt8]) {
    switch value {
    case .int8, .int16, .int32, .int64: return
    case .text(let text):
      beginVector(text.utf8.count, alignment: 4, from: place, &bytes)
      bytes.append(contentsOf: text.utf8)
      bytes.append(0)
    case .table(let child):
      let start = write(child, to: &bytes)
      patch(&bytes, place, number: UInt32(start - place))
    case .tables(let children):
      beginVector(children.count, alignment: 4, from: place, &bytes)
      let start = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: 4 * children.count))
      for (index, child) in children.enumerated() {
        let own = start + 4 * index
        let position = write(child, to: &bytes)
        patch(&bytes, own, number: UInt32(position - own))
      }
    case .structs(let count, let content):
      beginVector(count, alignment: 8, from: place, &bytes)
      bytes.append(contentsOf: content)
    }
  }

  /// Appends a vector's count such that its elements are aligned.
  private static func beginVector(_ count: Int, alignment: Int, from place: Int, _ bytes: inout [UInt8]) {
    pad(&bytes, to: 4)
    while (bytes.count + 4) % alignment != 0 { bytes.append(0) }
    patch(&bytes, place, number: UInt32(bytes.count - place))
    append(&bytes, UInt32(count))
  }

  // MARK: Bytes

  private static func pad(_ bytes: inout [UInt8], to alignment: Int) {
    while bytes.count % alignment != 0 { bytes.append(0) }
  }

  static func append(_ bytes: inout [UInt8], _ number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  private static func patch(_ bytes: inout [UInt8], _ place: Int, number: some FixedWidthInteger) {
    withUnsafeBytes(of: number.littleEndian) { raw in
      for (index, byte) in raw.enumerated() { bytes[place + index] = byte }
    }
  }
}
