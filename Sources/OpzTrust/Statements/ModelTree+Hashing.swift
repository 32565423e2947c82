public import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension ModelTree {
  /// Buffer size of each thread, in bytes.
  private static let chunk = 1 << 20

  /// Hashes files on all processors, in pieces of 1 MiB, so memory does not depend on file sizes. Blocks the calling
  /// thread.
  /// - Parameters:
  ///   - files: some or all of this tree's files.
  ///   - progress: receives the bytes read, under the model's name.
  /// - Returns: the digests, in the order of `files`.
  /// - Throws: `IOFailure`; `TrustError.unsignable` for a file that changes while it is read. The first failure stops
  ///   all threads.
  public func digests(of files: [File], progress: any ProgressSink = NoProgress()) throws -> [Digest] {
    let total = files.reduce(0) { $0 &+ $1.status.size }
    let item = PrintableText.line(name)
    progress.report(.planned(items: 1, bytes: total))
    progress.report(.started(item: item, total: total))
    // Largest first: a large file that started last would leave the other threads idle.
    let order = files.indices.sorted { files[$0].status.size > files[$1].status.size }
    do {
      let made = try inParallel(order) { index in
        try ModelTree.digest(of: files[index]) { progress.report(.advanced(item: item, bytes: $0)) }
      }
      progress.report(.finished(item: item, outcome: .done))
      return zip(order, made).sorted { $0.0 < $1.0 }.map(\.1)
    } catch {
      progress.report(.finished(item: item, outcome: .failed))
      throw error
    }
  }

  private static func digest(of file: File, _ advanced: (UInt64) -> Void) throws -> Digest {
    // A file that has become a link or a pipe since it was found is neither followed nor waited for.
    let open = try OpenFile.opening(file.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, mode: 0)
    let changed = TrustError(
      .unsignable, file.path.string, reason: "it changed while the model was read",
      hint: "wait until nothing writes to the model")
    guard try open.status() == file.status else { throw changed }
    var hasher = DigestHasher(.sha256)
    var offset: UInt64 = 0
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      let count = try open.read(at: offset, into: buffer)
      if count == 0 { break }
      hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      offset += UInt64(count)
      advanced(UInt64(count))
      guard offset <= file.status.size else { throw changed }
    }
    guard offset == file.status.size, try open.status() == file.status else { throw changed }
    return hasher.finish()
  }
}
