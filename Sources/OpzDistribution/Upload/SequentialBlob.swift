import OpzIO
import Synchronization

/// A blob that is read in consecutive parts from one underlying source.
///
/// The next part continues with the source that the previous one left, so that the parts of a blob in another remote
/// registry are one download.
final class SequentialBlob: Blob {
  private let whole: any Blob
  private let left = Mutex<Left?>(nil)

  /// Used by one thread at a time: it is taken out of the mutex and put back.
  private struct Left: @unchecked Sendable {
    let source: any ByteSource
    let position: UInt64
  }

  init(_ whole: any Blob) { self.whole = whole }

  var size: UInt64 { whole.size }

  func open(at offset: UInt64) throws -> any ByteSource {
    let kept = left.withLock { held in
      defer { held = nil }
      return held
    }
    let source = if let kept, kept.position == offset { kept.source } else { try whole.open(at: offset) }
    return Source(source, at: offset, of: self)
  }

  private func leave(_ source: any ByteSource, at position: UInt64) {
    let rest = Left(source: source, position: position)
    left.withLock { $0 = rest }
  }

  private final class Source: ByteSource {
    private let inner: any ByteSource
    private let owner: SequentialBlob
    private var position: UInt64
    private var hasFailed = false

    init(_ inner: any ByteSource, at position: UInt64, of owner: SequentialBlob) {
      self.inner = inner
      self.position = position
      self.owner = owner
    }

    deinit { if !hasFailed { owner.leave(inner, at: position) } }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
      do {
        let count = try inner.read(into: buffer)
        position &+= UInt64(count)
        return count
      } catch {
        hasFailed = true
        throw error
      }
    }
  }
}

/// Prepares a blob for an upload.
enum UploadSource {
  /// Makes the chunks of a blob in another remote registry one download that reports no progress, because the upload
  /// does. Other blobs are returned unchanged.
  static func of(_ blob: any Blob) -> any Blob {
    guard var remote = blob as? RemoteBlob else { return blob }
    remote.isQuiet = true
    return SequentialBlob(remote)
  }
}
