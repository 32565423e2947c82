import OpzIO
import Synchronization

/// A blob whose reading can be ended from another thread: a transfer that nobody waits for any more must not go on to
/// its end.
final class StoppableBlob: Blob {
  private let whole: any Blob
  private let isStopped = Atomic(false)

  init(_ whole: any Blob) { self.whole = whole }

  var size: UInt64 { whole.size }
  var isExpensiveToReread: Bool { whole.isExpensiveToReread }

  func open(at offset: UInt64) throws -> any ByteSource { Source(try whole.open(at: offset), of: self) }

  /// Makes the next read of each source throw a `CancellationError`.
  func stop() { isStopped.store(true, ordering: .relaxed) }

  private final class Source: ByteSource {
    private let inner: any ByteSource
    private let owner: StoppableBlob

    init(_ inner: any ByteSource, of owner: StoppableBlob) {
      self.inner = inner
      self.owner = owner
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
      if owner.isStopped.load(ordering: .relaxed) { throw CancellationError() }
      return try inner.read(into: buffer)
    }
  }
}
