import OpzIO
import OpzOCI

/// Blobs that are written and whole, and have no names yet. They get them together: a version of a small image has seven blobs, and to wait for
/// the disk for each would take longer than all the rest.
final class WaitingBlobs: Sendable {
  /// Larger ones are not worth the wait, and get their names at once: a process that dies would lose them.
  static let limit: UInt64 = 1 << 20

  struct Blob: Sendable {
    let digest: Digest
    let size: UInt64
    let file: NewFile
  }

  private let blobs = Monitor<[Blob]>([])
  /// More do not wait.
  private let most: Int

  init(most: Int = .max) { self.most = most }

  /// As many wait as may.
  var isFull: Bool { blobs.change { $0.count >= most } }

  /// One that waits already is left.
  func add(_ digest: Digest, _ size: UInt64, _ file: NewFile) {
    blobs.change { blobs in
      if !blobs.contains(where: { $0.digest == digest }) { blobs.append(Blob(digest: digest, size: size, file: file)) }
    }
  }

  func find(_ digest: Digest) -> Blob? { blobs.change { $0.first { $0.digest == digest } } }

  /// In the order in which they came.
  var all: [Blob] { blobs.change { $0 } }

  func remove(_ named: [Blob]) {
    let digests = Set(named.map(\.digest))
    blobs.change { $0.removeAll { digests.contains($0.digest) } }
  }
}
