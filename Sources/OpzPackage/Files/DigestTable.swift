import OpzIO
import OpzStore
import SystemPackage

/// The records of a `DigestCache` in their file format, searched without parsing.
struct DigestTable: Sendable {
  /// The file that a record is for; each has one record, the newest.
  struct Key: Hashable, Comparable, Sendable {
    let device, inode: UInt64

    init(_ status: FileStatus) { (device, inode) = (status.device, status.inode) }

    fileprivate init(_ device: UInt64, _ inode: UInt64) { (self.device, self.inode) = (device, inode) }

    static func < (one: Key, other: Key) -> Bool { (one.device, one.inode) < (other.device, other.inode) }
  }

  struct Record: Sendable {
    let device, inode, size: UInt64
    let modified, changed: Int64
    let digest: Digest

    init(device: UInt64, inode: UInt64, size: UInt64, modified: Int64, changed: Int64, digest: Digest) {
      (self.device, self.inode, self.size) = (device, inode, size)
      (self.modified, self.changed, self.digest) = (modified, changed, digest)
    }

    init(_ status: FileStatus, _ digest: Digest) {
      (device, inode, size) = (status.device, status.inode, status.size)
      (modified, changed) = (status.modified, status.changed)
      self.digest = digest
    }

    var key: Key { Key(device, inode) }
  }

  static let header: [UInt8] = Array("opz digests 1\n".utf8) + [0, 0]
  static let stride = 72
  private static let trailer = 32

  /// The whole file.
  let bytes: [UInt8]
  var count: Int { max(0, bytes.count - DigestTable.header.count - DigestTable.trailer) / DigestTable.stride }

  static let empty = DigestTable(bytes: [])

  static func read(_ file: FilePath) -> DigestTable {
    let limit = header.count + stride * DigestCache.maximumRecords + trailer
    guard let bytes = try? SmallFile.read(file, limit: limit), bytes.starts(with: header),
      bytes.count >= header.count + trailer, (bytes.count - header.count - trailer) % stride == 0,
      digest(of: bytes, count: bytes.count - trailer).bytes.elementsEqual(bytes[(bytes.count - trailer)...])
    else { return .empty }
    return DigestTable(bytes: bytes)
  }

  private static func digest(of bytes: [UInt8], count: Int) -> Digest {
    var hasher = DigestHasher(.sha256)
    bytes.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    return hasher.finish()
  }

  func digest(of status: FileStatus) -> Digest? {
    let wanted = Key(status)
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      let found = key(middle)
      if found == wanted { return record(middle, if: status) }
      if found < wanted { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  private func record(_ index: Int, if status: FileStatus) -> Digest? {
    guard number(index, 2) == status.size, number(index, 3) == UInt64(bitPattern: status.modified),
      number(index, 4) == UInt64(bitPattern: status.changed)
    else { return nil }
    let start = DigestTable.header.count + index * DigestTable.stride + 40
    return Digest(.sha256, bytes: bytes[start..<(start + 32)])
  }

  private func key(_ index: Int) -> Key { Key(number(index, 0), number(index, 1)) }

  private func number(_ index: Int, _ field: Int) -> UInt64 {
    let start = DigestTable.header.count + index * DigestTable.stride + field * 8
    return bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: start, as: UInt64.self)) }
  }

  /// All records, sorted by key.
  var records: [Record] {
    (0..<count).map { index in
      let start = DigestTable.header.count + index * DigestTable.stride + 40
      return Record(
        device: number(index, 0), inode: number(index, 1), size: number(index, 2),
        modified: Int64(bitPattern: number(index, 3)), changed: Int64(bitPattern: number(index, 4)),
        digest: Digest(.sha256, bytes: bytes[start..<(start + 32)])!)
    }
  }

  /// Merges records; later ones replace earlier ones of the same key, and added ones replace existing ones. Above
  /// `limit` records the table starts over.
  func merging(_ added: consuming [Record], limit: Int) -> DigestTable {
    var sorted = added
    sorted.sort { $0.key < $1.key }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count + sorted.count * DigestTable.stride + 64)
    output += DigestTable.header
    var old = count + sorted.count > limit ? count : 0
    for (index, record) in sorted.enumerated() {
      if index + 1 < sorted.count, sorted[index + 1].key == record.key { continue }
      while old < count, key(old) < record.key { copy(&old, to: &output) }
      if old < count, key(old) == record.key { old += 1 }
      for value in [
        record.device, record.inode, record.size, UInt64(bitPattern: record.modified),
        UInt64(bitPattern: record.changed),
      ] {
        withUnsafeBytes(of: value.littleEndian) { output.append(contentsOf: $0) }
      }
      output.append(contentsOf: record.digest.bytes)
    }
    while old < count { copy(&old, to: &output) }
    output.append(contentsOf: Digest.of(output).bytes)
    return DigestTable(bytes: output)
  }

  private func copy(_ index: inout Int, to output: inout [UInt8]) {
    let start = DigestTable.header.count + index * DigestTable.stride
    output.append(contentsOf: bytes[start..<(start + DigestTable.stride)])
    index += 1
  }
}
