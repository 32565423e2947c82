public import SystemPackage

/// A directory in which a client remembers, from one process to the next, which uploads are under way and what each registry
/// allows.
///
/// It holds no credentials and no tokens. Losing it costs an upload from the blob's start, nothing else. A pipeline that keeps it in
/// a cached directory goes on where its last job was ended.
public struct TransferState: Sendable {
  public let directory: FilePath

  public init(directory: FilePath) { self.directory = directory }

  var uploads: FilePath { directory.appending("uploads") }
  var traits: FilePath { directory.appending("registries") }
}
