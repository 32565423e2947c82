import OpzIO
import OpzModel
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How many bytes of headers may still be read, for all files of a model.
final class HeaderBudget {
  /// 64 MiB: the header of any model is smaller, and reading it takes no time.
  static let limit = 64 << 20

  private var left = HeaderBudget.limit

  fileprivate func take(_ count: Int) -> Bool {
    guard count <= left else { return false }
    left -= count
    return true
  }
}

/// A file of which only headers are read, within a budget.
final class HeaderFile {
  let path: FilePath
  let size: UInt64
  private let file: OpenFile
  private let budget: HeaderBudget

  /// Opens a regular file.
  init(_ path: FilePath, _ budget: HeaderBudget) throws {
    self.path = path
    self.budget = budget
    // O_NONBLOCK: opening a pipe must not wait for its writer; it is refused below.
    file = try OpenFile.opening(path, O_RDONLY | O_NONBLOCK, mode: 0)
    let status = try file.status()
    guard status.kind == .file else { throw IOFailure("not a regular file", path: path) }
    size = status.size
  }

  var name: String { path.lastComponent?.string ?? path.string }

  /// Exactly `count` bytes.
  /// - Throws: `ModelError.damaged` if the file ends before, `ModelError.tooLarge` if the headers are too long.
  func bytes(at offset: UInt64, _ count: Int) throws -> [UInt8] {
    guard count >= 0, offset <= size, UInt64(count) <= size - offset else {
      throw damaged("it ends at byte \(size), before its headers do")
    }
    return try upTo(count, at: offset)
  }

  /// The bytes from `offset` on: `count`, or fewer at the end of the file.
  func upTo(_ count: Int, at offset: UInt64) throws -> [UInt8] {
    let length = offset < size ? Int(min(UInt64(max(0, count)), size - offset)) : 0
    guard budget.take(length) else {
      throw ModelError(
        .tooLarge, name, reason: "its headers have more than \(HeaderBudget.limit) bytes",
        hint: "check where it comes from")
    }
    var filled = 0
    let bytes = try [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      while filled < length {
        let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled..<length])
        let read = try file.read(at: offset + UInt64(filled), into: rest)
        if read == 0 { break }
        filled += read
      }
      count = filled
    }
    guard filled == length else { throw damaged("it became shorter while it was read") }
    return bytes
  }

  func damaged(_ reason: String) -> ModelError {
    ModelError(.damaged, name, reason: reason, hint: "fetch or save the model again")
  }
}

/// Reads little-endian values of a file one after the other; what is skipped is not read.
struct HeaderCursor {
  /// How much is read ahead: more as long as reading goes on.
  private var chunk = 512
  let file: HeaderFile
  /// Of the next value in the file.
  private(set) var position: UInt64
  /// What the cursor may not pass.
  let end: UInt64
  private var buffer: [UInt8] = []
  private var start: UInt64 = 0

  init(_ file: HeaderFile, at position: UInt64 = 0, end: UInt64? = nil) {
    self.file = file
    self.position = position
    self.end = min(end ?? file.size, file.size)
  }

  var isAtEnd: Bool { position >= end }

  mutating func skip(_ count: UInt64) throws {
    guard position <= end, count <= end - position else {
      throw file.damaged("a length of \(count) bytes at byte \(position) leads beyond its end")
    }
    position += count
  }

  mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, position <= end, UInt64(count) <= end - position else {
      throw file.damaged("a length of \(count) bytes at byte \(position) leads beyond its end")
    }
    if position < start || position - start > UInt64(buffer.count) || buffer.count - Int(position - start) < count {
      buffer = try file.upTo(max(count, chunk), at: position)
      chunk = min(chunk * 2, 64 << 10)
      start = position
    }
    let first = Int(position - start)
    guard buffer.count - first >= count else { throw file.damaged("it ends before its headers do") }
    position += UInt64(count)
    return buffer[first..<(first + count)]
  }

  /// An unsigned number of up to eight bytes.
  mutating func number(_ width: Int) throws -> UInt64 {
    try take(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func byte() throws -> UInt8 { UInt8(truncatingIfNeeded: try number(1)) }

  /// A count or an offset of `width` bytes that is at most `limit`.
  mutating func count(_ width: Int, limit: UInt64, _ what: String) throws -> Int {
    let number = try number(width)
    guard number <= limit else { throw file.damaged("it has \(number) \(what)") }
    return Int(number)
  }

  /// A text of `count` bytes; what is not UTF-8 is replaced.
  mutating func text(_ count: Int) throws -> String { String(decoding: try take(count), as: UTF8.self) }

  /// A base 128 number of protobuf and of TensorFlow's tables.
  mutating func varint() throws -> UInt64 {
    var result: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let byte = try byte()
      result |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return result }
    }
    throw file.damaged("a number at byte \(position) that does not end")
  }
}
