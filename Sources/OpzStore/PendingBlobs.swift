import OpzIO
import OpzOCI

/// Complete blobs that have no names yet and are named together: a version of a small image has seven blobs, and
/// syncing each of them separately would take longer than everything else.
final class PendingBlobs: Sendable {
  /// The largest blob to hold back, in bytes. Larger ones are named at once, because they would be lost if the
  /// process died.
  static let limit: UInt64 = 1 << 20

  struct Blob: Sendable {
    let digest: Digest
    let size: UInt64
    let file: NewFile
  }

  private let blobs = Monitor<[Blob]>([])
  /// How many blobs may be pending.
  private let most: Int

  init(most: Int = .max) { self.most = most }

  /// Whether no more blobs may be pending.
  var isFull: Bool { blobs.change { $0.count >= most } }

  /// Adds a blob, unless it is pending already.
  func add(_ digest: Digest, _ size: UInt64, file: NewFile) {
    blobs.change { blobs in
      if !blobs.contains(where: { $0.digest == digest }) { blobs.append(Blob(digest: digest, size: size, file: file)) }
    }
  }

  func find(_ digest: Digest) -> Blob? { blobs.change { $0.first { $0.digest == digest } } }

  /// The pending blobs in the order in which they were added.
  var all: [Blob] { blobs.change { $0 } }

  func remove(_ named: [Blob]) {
    let digests = Set(named.map(\.digest))
    blobs.change { $0.removeAll { digests.contains($0.digest) } }
  }
}
