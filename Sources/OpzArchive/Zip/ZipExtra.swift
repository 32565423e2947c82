/// The extra fields of a header (4.5) that matter here.
struct ZipExtra {
  /// The content of the zip64 field, if there is one.
  private(set) var zip64: [UInt8]?
  /// Info-ZIP's alternative name for the member.
  private(set) var unicodePath: [UInt8]?

  /// - Throws: what `malformed` makes, for fields that do not fill their space exactly, and for duplicates.
  init(_ bytes: some Sequence<UInt8>, _ malformed: (String) -> ArchiveError) throws {
    var fields = ZipFields(bytes)
    while fields.count > 0 {
      guard fields.count >= 4 else { throw malformed("the extra fields are damaged") }
      let kind = fields.u16()
      let length = Int(fields.u16())
      guard fields.count >= length else { throw malformed("the extra fields are damaged") }
      let value = fields.bytes(length)
      switch kind {
      case ZipFormat.Extra.zip64:
        guard zip64 == nil else { throw malformed("duplicate zip64 field") }
        zip64 = value
      case ZipFormat.Extra.unicodePath:
        guard unicodePath == nil, length >= 5 else {
          throw malformed("the field with the UTF-8 name is damaged or duplicate")
        }
        unicodePath = Array(value.dropFirst(5))
      default: break
      }
    }
  }

  /// Replaces the header fields that refer to the zip64 field by its values.
  ///
  /// The field has either the missing values only, in order, or all of them (4.5.3): a value that the header has too
  /// must be equal, or two readers would find different ones.
  /// - Parameter narrow: 32-bit fields in the order of the zip64 field: size, compressed size, offset.
  /// - Returns: nil when header and field are inconsistent.
  func resolve(_ narrow: [UInt64]) -> [UInt64]? {
    guard let zip64 else { return narrow }
    var fields = ZipFields(zip64)
    let missing = narrow.filter { $0 == ZipFormat.wide32 }.count
    if zip64.count == missing * 8 {
      return narrow.map { $0 == ZipFormat.wide32 ? fields.u64() : $0 }
    }
    guard zip64.count == narrow.count * 8 else { return nil }
    let wide = narrow.map { _ in fields.u64() }
    guard zip(wide, narrow).allSatisfy({ $0 == $1 || $1 == ZipFormat.wide32 }) else { return nil }
    return wide
  }
}
