import OpzIO

/// Something in an HDF5 file that violates the format, or that is not supported.
struct HDF5Problem: Error, CustomStringConvertible {
  let reason: String
  var description: String { reason }
}

/// An HDF5 file, read by addresses.
///
/// Source: HDF5 File Format Specification, version 4.0. Section numbers in this folder refer to it.
struct HDF5File {
  let window: BlobWindow
  /// Bytes before the superblock (the user block): 0, or 512 times a power of two.
  let base: UInt64
  /// Widths of addresses and lengths, in bytes.
  let addressWidth: Int
  let lengthWidth: Int
  let root: UInt64

  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Finds the superblock (II.A), at 0, 512, 1024, 2048 and so on.
  static func start(of window: BlobWindow) throws -> UInt64? {
    var offset: UInt64 = 0
    while offset < window.size, window.size - offset >= 8 {
      if try window.bytes(at: offset, 8) == signature { return offset }
      offset = offset == 0 ? 512 : offset &* 2
      guard offset <= 1 << 40 else { return nil }
    }
    return nil
  }

  init(_ window: BlobWindow, at start: UInt64) throws {
    self.window = window
    let head = try window.bytes(at: start, 16)
    let version = head[8]
    guard version <= 3 else { throw HDF5Problem(reason: "its superblock is of version \(version)") }
    addressWidth = Int(version < 2 ? head[13] : head[9])
    lengthWidth = Int(version < 2 ? head[14] : head[10])
    guard [2, 4, 8].contains(addressWidth), [2, 4, 8].contains(lengthWidth) else {
      throw HDF5Problem(reason: "addresses of \(addressWidth) bytes")
    }
    let width = UInt64(addressWidth)
    let fields = start + (version < 2 ? (version == 0 ? 24 : 28) : 12)
    let stored = try window.number(at: fields, addressWidth)
    // Readers use the signature's place if the stored base address differs.
    base = start
    guard stored == start || stored == 0 else { throw HDF5Problem(reason: "its base address is not where it begins") }
    if version < 2 {
      // The root group's symbol table entry: a name's offset, and the address.
      root = try window.number(at: fields + 5 * width, addressWidth)
    } else {
      root = try window.number(at: fields + 3 * width, addressWidth)
    }
  }

  func isUndefined(_ address: UInt64) -> Bool {
    addressWidth == 8 ? address == .max : address == (1 << UInt64(addressWidth * 8)) - 1
  }

  func bytes(at address: UInt64, _ count: Int) throws -> [UInt8] {
    let (offset, overflow) = address.addingReportingOverflow(base)
    guard !overflow else { throw HDF5Problem(reason: "an address that is out of range") }
    return try window.bytes(at: offset, count)
  }

  func cursor(at address: UInt64, _ count: Int) throws -> HDF5Cursor { HDF5Cursor(self, try bytes(at: address, count)) }

  /// A value that may be too large for memory.
  func blob(at address: UInt64, _ count: UInt64) throws -> any Blob {
    let (start, overflow) = address.addingReportingOverflow(base)
    let (end, overflows) = start.addingReportingOverflow(count)
    guard !overflow, !overflows else { throw HDF5Problem(reason: "an address that is out of range") }
    return try window.part(start..<end)
  }
}

/// Reads the bytes of a message in order.
struct HDF5Cursor {
  let file: HDF5File
  let bytes: [UInt8]
  var index = 0

  init(_ file: HDF5File, _ bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
  }

  var remaining: Int { bytes.count - index }

  mutating func take(_ count: Int) throws -> [UInt8] {
    guard count >= 0, count <= remaining else { throw HDF5Problem(reason: "a message that is cut short") }
    defer { index += count }
    return Array(bytes[index..<(index + count)])
  }

  mutating func number(_ width: Int) throws -> UInt64 {
    try take(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func byte() throws -> UInt8 { try take(1)[0] }
  mutating func address() throws -> UInt64 { try number(file.addressWidth) }
  mutating func length() throws -> UInt64 { try number(file.lengthWidth) }

  mutating func expect(_ signature: StaticString) throws {
    let found = try take(signature.utf8CodeUnitCount)
    for (offset, byte) in found.enumerated() where signature.utf8Start[offset] != byte {
      throw HDF5Problem(reason: "a missing \(signature) structure")
    }
  }

  /// Reads a zero-terminated string.
  mutating func text() throws -> String {
    guard let end = bytes[index...].firstIndex(of: 0) else { throw HDF5Problem(reason: "a name without an end") }
    defer { index = end + 1 }
    return String(decoding: bytes[index..<end], as: UTF8.self)
  }
}
