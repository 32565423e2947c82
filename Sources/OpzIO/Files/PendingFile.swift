public import SystemPackage

/// A file that is written and waits for its name, which it gets together with others (`Durable.publish`).
public struct PendingFile: Sendable {
  /// What becomes of a file that has the name.
  public enum Collision: Sendable {
    case leave, replace
  }

  public let file: NewFile
  public let path: FilePath
  /// Whatever the umask is; nil for the mode that it was made with.
  public let mode: UInt32?
  public let collision: Collision

  public init(_ file: NewFile, at path: FilePath, mode: UInt32?, collision: Collision = .leave) {
    self.file = file
    self.path = path
    self.mode = mode
    self.collision = collision
  }

  /// Writes bytes that wait for a name.
  public init(_ bytes: [UInt8], at path: FilePath, mode: UInt32, collision: Collision = .leave) throws {
    self.init(try NewFile(in: path.removingLastComponent()), at: path, mode: mode, collision: collision)
    try file.file.write(bytes)
  }

  /// Writes bytes that are to take the place of what has the name.
  /// - Parameter mode: less the umask, but in a directory that a group shares.
  public init(replacing path: FilePath, with bytes: [UInt8], mode: UInt32 = 0o644) throws {
    let directory = path.removingLastComponent()
    self.init(try NewFile(in: directory, mode: mode), at: path, mode: nil, collision: .replace)
    if try SharedDirectory.isOne(directory) { try file.file.setMode(mode | SharedDirectory.readable) }
    try file.file.write(bytes)
  }

  /// False where the name is taken and is left.
  func giveName() throws -> Bool {
    if try file.link(to: path) { return true }
    if collision == .replace { try file.takeName(path) }
    return collision == .replace
  }
}
