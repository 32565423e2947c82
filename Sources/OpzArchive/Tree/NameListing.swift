public import OpzIO
public import SystemPackage

/// The names of one layer stored in a file, so that a remote layer is read only once.
///
/// The file starts with `opz names 1\n`. For each name follow the length of the prefix it shares with the previous
/// name, the rest of it, its kind, and the kind's fields; numbers are LEB128. A zero byte in place of a kind ends the
/// list, and a SHA-256 of everything before follows.
public enum NameListing {
  /// The largest listing in bytes: what the limits allow, and some more.
  private static let largest: UInt64 = 256 << 20
  private static let mark = Array("opz names 1\n".utf8)

  /// Reads a layer, writes its names to a file, and verifies the layer's diffID.
  /// - Returns: the number of names.
  /// - Throws: `ArchiveError` for a layer that is damaged, unsafe, over a limit, or has another diffID; no file is
  ///   created then.
  @discardableResult
  public static func write(_ layer: StoredLayer, to path: FilePath, limits: ArchiveLimits = ArchiveLimits()) throws
    -> Int
  {
    try Durable.makeDirectory(path.removingLastComponent())
    let new = try NewFile(in: path.removingLastComponent())
    var hasher = DigestHasher(.sha256)
    var buffer = mark
    func flush() throws {
      hasher.update(buffer)
      try buffer.withUnsafeBytes { try new.file.write($0) }
      buffer.removeAll(keepingCapacity: true)
    }
    var (previous, count, bytes) = ([UInt8](), 0, 0)
    try layer.forEachName(limits: limits) { name in
      count += 1
      bytes += name.path.count
      guard bytes <= limits.nameBytes else {
        throw ArchiveError(.overLimit, layer.name, reason: "its paths have more than \(limits.nameBytes) bytes")
      }
      append(name, after: previous, to: &buffer)
      previous = name.path
      if buffer.count >= 1 << 16 { try flush() }
    }
    append(0, to: &buffer)
    append(0, to: &buffer)
    buffer.append(0)
    try flush()
    try hasher.finish().bytes.withUnsafeBytes { try new.file.write($0) }
    try new.replace(path)
    return count
  }

  /// Whether the file was written by `write` and is intact.
  public static func isIntact(_ path: FilePath) throws -> Bool { try content(path) != nil }

  /// Passes the names in a file that `write` created to `body`, in order.
  /// - Throws: `ArchiveError` before any name when the file is damaged.
  public static func read(_ path: FilePath, _ body: (LayerName) throws -> Void) throws {
    guard let bytes = try content(path) else {
      throw ArchiveError(.malformed, path.string, reason: "the list of a layer's names is damaged", hint: "remove it")
    }
    var reader = NumberReader(bytes: bytes, index: mark.count, end: bytes.count - 32)
    var previous: [UInt8] = []
    while let name = reader.name(after: previous) {
      try body(name)
      previous = name.path
    }
  }

  private static func content(_ path: FilePath) throws -> [UInt8]? {
    guard let status = try FileStatus.find(path), status.kind == .file, status.size <= largest else { return nil }
    let bytes = try FileBlob(path, size: status.size).bytes()
    guard bytes.count >= mark.count + 35, bytes.starts(with: mark) else { return nil }
    var hasher = DigestHasher(.sha256)
    bytes.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<($0.count - 32)])) }
    return hasher.finish().bytes.elementsEqual(bytes[(bytes.count - 32)...]) ? bytes : nil
  }

  private static func append(_ name: LayerName, after previous: [UInt8], to buffer: inout [UInt8]) {
    let shared = zip(name.path, previous).prefix { $0 == $1 }.count
    append(UInt64(shared), to: &buffer)
    append(UInt64(name.path.count - shared), to: &buffer)
    buffer += name.path[shared...]
    switch name.kind {
    case .directory(let mode, let uid, let gid):
      buffer.append(1)
      for number in [mode, uid, gid] { append(UInt64(number), to: &buffer) }
    case .link(let target):
      buffer.append(2)
      append(UInt64(target.count), to: &buffer)
      buffer += target
    case .other: buffer.append(3)
    }
  }

  private static func append(_ number: UInt64, to buffer: inout [UInt8]) {
    var rest = number
    while rest >= 0x80 {
      buffer.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    buffer.append(UInt8(rest))
  }
}

private struct NumberReader {
  let bytes: [UInt8]
  var index: Int
  let end: Int

  mutating func name(after previous: [UInt8]) -> LayerName? {
    guard let shared = number(), shared <= previous.count, let rest = text() else { return nil }
    let path = previous[..<shared] + rest
    guard index < end else { return nil }
    index += 1
    switch bytes[index - 1] {
    case 1:
      guard let mode = number(), let uid = number(), let gid = number(), let mode = UInt32(exactly: mode),
        let uid = UInt32(exactly: uid), let gid = UInt32(exactly: gid)
      else { return nil }
      return LayerName(path: Array(path), kind: .directory(mode: mode, uid: uid, gid: gid))
    case 2: return text().map { LayerName(path: Array(path), kind: .link(target: Array($0))) }
    case 3: return LayerName(path: Array(path), kind: .other)
    default: return nil
    }
  }

  private mutating func text() -> ArraySlice<UInt8>? {
    guard let count = number(), count <= end - index else { return nil }
    index += count
    return bytes[index - count..<index]
  }

  private mutating func number() -> Int? {
    var (value, shift) = (0, 0)
    while index < end, shift < 63 {
      let byte = bytes[index]
      index += 1
      value |= Int(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
    return nil
  }
}
