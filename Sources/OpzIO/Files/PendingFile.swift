public import SystemPackage

/// A file whose content is written and that is given its name together with others (`Durable.publish`).
public struct PendingFile: Sendable {
  /// What happens when the name is taken.
  public enum Collision: Sendable {
    case leave, replace
  }

  public let file: NewFile
  public let path: FilePath
  /// The permission bits, whatever the umask; nil keeps the mode that the file was created with.
  public let mode: UInt32?
  public let collision: Collision

  /// A file to be named `path`; it is complete, and needs no sync yet.
  public init(_ file: NewFile, at path: FilePath, mode: UInt32?, collision: Collision = .leave) {
    self.file = file
    self.path = path
    self.mode = mode
    self.collision = collision
  }

  /// Writes bytes to a new file to be named `path`.
  /// - Throws: `IOFailure`.
  public init(_ bytes: [UInt8], at path: FilePath, mode: UInt32, collision: Collision = .leave) throws {
    self.init(try NewFile(in: path.removingLastComponent()), at: path, mode: mode, collision: collision)
    try file.file.write(bytes)
  }

  /// Writes bytes to a new file that is to replace the one at `path`.
  /// - Parameter mode: the permission bits, masked by the umask; in a directory that a group shares the group can
  ///   read it regardless.
  /// - Throws: `IOFailure`.
  public init(replacing path: FilePath, with bytes: [UInt8], mode: UInt32 = 0o644) throws {
    let directory = path.removingLastComponent()
    self.init(try NewFile(in: directory, mode: mode), at: path, mode: nil, collision: .replace)
    if try SharedDirectory.isShared(directory) { try file.file.setMode(mode | SharedDirectory.readable) }
    try file.file.write(bytes)
  }

  /// Gives the file its name; false when the name is taken and the existing file is kept.
  func publish() throws -> Bool {
    if try file.link(to: path) { return true }
    if collision == .replace { try file.renameOver(path) }
    return collision == .replace
  }
}
