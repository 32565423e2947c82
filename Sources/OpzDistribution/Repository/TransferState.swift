public import SystemPackage

/// A directory in which a client saves pending uploads and registry profiles between processes.
///
/// It contains no credentials or tokens. Without it an upload starts at the blob's first byte; nothing else is lost.
/// A pipeline that caches the directory resumes where its last job ended.
public struct TransferState: Sendable {
  public let directory: FilePath

  /// Names the directory, which is created when it is first needed.
  public init(directory: FilePath) { self.directory = directory }

  var uploads: FilePath { directory.appending("uploads") }
  var traits: FilePath { directory.appending("registries") }
}
