import NIOCore
import NIOPosix
import OpzIO
import SystemPackage

/// A piece of a file that is sent as a body.
enum FilePiece {
  /// Reads bytes on a thread for files, because a disk may take long.
  /// - Throws: `IOFailure`, also for a file that has become shorter.
  static func read(_ path: FilePath, at offset: UInt64, count: Int) async throws -> ByteBuffer {
    try await NIOThreadPool.singleton.runIfActive {
      let file = try OpenFile.reading(path)
      var buffer = ByteBuffer()
      var filled = 0
      while filled < count {
        let read = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count - filled) {
          try file.read(
            at: offset &+ UInt64(filled), into: UnsafeMutableRawBufferPointer(rebasing: $0.prefix(count - filled)))
        }
        if read == 0 { throw IOFailure("the file shrank while it was read", path: path) }
        filled += read
      }
      return buffer
    }
  }
}
