import NIOPosix
import OpzIO
import OpzRegistry
import SystemPackage

/// The uploads of a registry: files in `cache/uploads` that outlive the hub, each used by one request at a time.
actor Uploads {
  private let directory: FilePath
  private let disk: NIOThreadPool
  private let limit: Int
  private var idle: [UploadID: Upload.Rest] = [:]
  private var busy: Set<UploadID> = []

  /// How long a request waits for another one on the same upload: after a cut, the client may return before its old
  /// connection has ended.
  private static let patience = Duration.seconds(10)
  /// Uploads idle for this many milliseconds are removed when the hub starts.
  private static let life: Int64 = 86_400_000

  init(_ registry: Registry, disk: NIOThreadPool, limit: Int) throws {
    directory = registry.root.appending("cache").appending("uploads")
    self.disk = disk
    self.limit = limit
    try Durable.makeDirectory(directory)
    let edge = Timestamp.now().milliseconds - Uploads.life
    for name in try Directory.names(directory) where name.starts(with: Durable.temporaryPrefix.utf8) {
      let path = directory.appending(FilePath(bytes: name).components)
      // Another hub of the same registry may have removed it meanwhile.
      guard let status = try FileStatus.find(path, followLinks: false) else { continue }
      if status.modified / 1_000_000 < edge { try Durable.remove(path) }
    }
  }

  /// Starts an upload, to which the caller has exclusive access.
  func begin(_ repository: RepositoryName) async throws -> Upload {
    if idle.count + busy.count >= limit { try await makeRoom() }
    let id = UploadID(new: repository)
    busy.insert(id)
    do {
      let path = path(id)
      return try await disk.runIfActive { try Upload(new: id, at: path) }
    } catch {
      busy.remove(id)
      throw error
    }
  }

  /// Takes exclusive access to an upload; the caller gives it back.
  /// - Throws: `SpecError` with 404 for an unknown upload.
  func take(_ text: String, _ repository: RepositoryName) async throws -> Upload {
    guard let id = UploadID(text, of: repository) else { throw Uploads.unknown }
    let end = ContinuousClock.now + Uploads.patience
    while busy.contains(id) {
      guard ContinuousClock.now < end else {
        throw SpecError(
          429, .tooManyRequests, message: "another request uses this upload", headers: [("Retry-After", "2")])
      }
      try await Task.sleep(for: .milliseconds(10))
    }
    busy.insert(id)
    let rest = idle.removeValue(forKey: id)
    do {
      let path = path(id)
      return try await disk.runIfActive {
        guard try FileStatus.find(path, followLinks: false)?.kind == .file else { throw Uploads.unknown }
        return try Upload(id, at: path, rest)
      }
    } catch {
      busy.remove(id)
      throw error
    }
  }

  func give(back upload: Upload) {
    busy.remove(upload.id)
    idle[upload.id] = upload.rest
  }

  /// Ends an upload and removes its file, unless the file became a blob.
  func end(_ upload: Upload) async throws {
    defer { busy.remove(upload.id) }
    try await disk.runIfActive { try Durable.remove(upload.path) }
  }

  /// Ends the least recently used upload.
  private func makeRoom() async throws {
    guard let (oldest, _) = idle.min(by: { $0.value.since < $1.value.since }) else {
      throw SpecError(
        429, .tooManyRequests, message: "\(limit) uploads are in progress", headers: [("Retry-After", "30")])
    }
    idle[oldest] = nil
    let path = path(oldest)
    try await disk.runIfActive { try Durable.remove(path) }
  }

  private func path(_ id: UploadID) -> FilePath {
    // `opz gc` recognizes files left by crashed processes by this prefix.
    directory.appending(Durable.temporaryPrefix + id.description)
  }

  private static let unknown = SpecError(404, .blobUploadUnknown, message: "no such upload in this repository")
}
