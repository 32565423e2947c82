import OpzIO
import SystemPackage

/// Bytes from a stream, kept for repeated reading at any offset: in memory, or in a temporary file if there are many.
struct SpooledBlob: Blob {
  private let content: any Blob
  /// Removes the file when the last copy is released.
  private let file: TemporaryContent?

  private static let memory = 16 << 20

  var size: UInt64 { content.size }

  func open(at offset: UInt64) throws -> any ByteSource { try content.open(at: offset) }

  /// What was read, and why it is incomplete.
  struct Outcome {
    let blob: SpooledBlob
    let problem: Problem?
  }

  enum Problem {
    case failed(any Error)
    case overLimit
  }

  /// Reads until the end, the limit or the first error.
  /// - Throws: if a temporary file cannot be written.
  static func spool(_ source: any ByteSource, limit: UInt64) throws -> Outcome {
    var bytes: [UInt8] = []
    var file: TemporaryContent?
    var count: UInt64 = 0
    var problem: Problem?
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      let piece: Int
      do { piece = try source.read(into: buffer) } catch {
        problem = .failed(error)
        break
      }
      if piece == 0 { break }
      count += UInt64(piece)
      guard count <= limit else {
        problem = .overLimit
        break
      }
      if file == nil, bytes.count + piece > SpooledBlob.memory {
        file = try TemporaryContent()
        try file?.write(bytes)
        bytes = []
      }
      let read = UnsafeRawBufferPointer(rebasing: buffer[..<piece])
      if let file { try file.write(read) } else { bytes.append(contentsOf: read) }
    }
    let content: any Blob = try file?.blob() ?? BytesBlob(bytes)
    return Outcome(blob: SpooledBlob(content: content, file: file), problem: problem)
  }
}

/// A file in a temporary directory of its own.
private final class TemporaryContent: Sendable {
  private let directory: FilePath
  private let output: OpenFile

  init() throws {
    directory = try Directory.temporary(prefix: "opz-scan-")
    do {
      output = try OpenFile.creating(directory.appending("content"), mode: 0o600)
    } catch {
      try? Durable.removeTree(directory)
      throw error
    }
  }

  deinit { try? Durable.removeTree(directory) }

  func write(_ bytes: UnsafeRawBufferPointer) throws { try output.write(bytes) }

  func write(_ bytes: [UInt8]) throws { try output.write(bytes) }

  func blob() throws -> FileBlob { try FileBlob(directory.appending("content")) }
}
