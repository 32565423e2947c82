public import OpzIO
import SystemPackage

/// The files of an uncompressed tar, whose bytes are read in place on demand.
///
/// The tar is scanned once for the locations of its members.
public struct ArchiveMembers: Sendable {
  private enum Member {
    case part(from: UInt64, size: UInt64)
    case link(FilePath)
  }

  /// The most members of an archive.
  private static let limit = 100_000
  /// The largest document that is read as a whole, in bytes.
  private static let documentLimit: UInt64 = 16 << 20

  private let blob: any Blob
  private let name: String
  private let members: [FilePath: Member]

  /// Scans an archive. It blocks.
  /// - Parameters:
  ///   - blob: the uncompressed tar.
  ///   - name: the archive's name in errors.
  /// - Throws: `ArchiveError` for an archive that is damaged or over a limit.
  public init(_ blob: any Blob, name: String) throws {
    let reader = try TarReader(StoredLayer(blob, .none, name: name))
    var members: [FilePath: Member] = [:]
    while let header = try reader.next() {
      guard members.count < ArchiveMembers.limit else {
        throw ArchiveError(.overLimit, name, reason: "more than \(ArchiveMembers.limit) members")
      }
      switch header.kind {
      case .file: members[header.path] = .part(from: reader.offset, size: header.size)
      case .symlink(let target):
        // Older engines save a layer that two images share as a link.
        members[header.path] = .link(FilePath(bytes: target.filter { $0 != 0 }))
      case .hardlink(let target): members[header.path] = members[target.lexicallyNormalized()]
      default: continue
      }
    }
    (self.blob, self.name, self.members) = (blob, name, members)
  }

  /// Whether the archive has a member of this path.
  public func contains(_ path: String) -> Bool { members[FilePath(path).lexicallyNormalized()] != nil }

  /// The bytes of a member, following links within the archive.
  /// - Throws: `ArchiveError.malformed` for one that is missing or cut short.
  public func content(_ path: String) throws -> any Blob {
    var place = FilePath(path).lexicallyNormalized()
    for _ in 0..<8 {
      switch members[place] {
      case .part(let start, let size)?:
        if let part = BlobSlice(blob, from: start, size: size) { return part }
        throw ArchiveError(.malformed, name, reason: "\"\(path.prefix(200))\" in it is cut short")
      case .link(let target)?: place = place.removingLastComponent().pushing(target).lexicallyNormalized()
      case nil: throw ArchiveError(.malformed, name, reason: "\"\(path.prefix(200))\" is not in it")
      }
    }
    throw ArchiveError(.malformed, name, reason: "\"\(path.prefix(200))\" in it is a link that leads back to itself")
  }

  /// A member that is a small document.
  /// - Throws: `ArchiveError`, with code `overLimit` for one of more than 16 MiB.
  public func document(_ path: String) throws -> [UInt8] {
    let blob = try content(path)
    guard blob.size <= ArchiveMembers.documentLimit else {
      throw ArchiveError(.overLimit, name, reason: "\"\(path.prefix(200))\" in it has too many bytes, \(blob.size)")
    }
    return try blob.bytes()
  }
}
