import OpzArchive
import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import SystemPackage

/// The content of an `oci-archive:FILE`, a tar of an OCI layout, read in place.
struct OCIArchiveContent: ReferrerReader {
  let index: Index.Content
  private let name: String
  private let members: ArchiveMembers
  private let referrers: [Digest: [Descriptor]]

  /// Scans the archive and reads every document that its index.json lists. Blocking.
  /// - Throws: `ArchiveError`, `OCIError`, `IOFailure`.
  init(_ path: FilePath) throws {
    name = path.string
    let blob = try FileBlob(path)
    guard try DockerArchiveBase.compression(of: blob) == .none else {
      throw FlowError(
        .failed, path.string, reason: "the archive is compressed, and its content is read in place",
        hint: "unpack it first: gzip -d, or zstd -d")
    }
    members = try ArchiveMembers(blob, name: path.string)
    guard members.contains("index.json") else {
      throw FlowError(
        .failed, path.string, reason: "it has no index.json, so it is no tar of an OCI layout",
        hint: members.contains("manifest.json") ? "write docker-archive:\(path)" : nil)
    }
    index = try CanonicalJSON.decode(
      Index.Content.self, from: members.document("index.json"), .manifestOrIndex, subject: "\(path): index.json")
    referrers = try OCIArchiveContent.referrers(index, in: members)
  }

  private static func referrers(_ index: Index.Content, in members: ArchiveMembers) throws -> [Digest: [Descriptor]] {
    var found: [Digest: [Descriptor]] = [:]
    var seen: Set<Digest> = []
    for entry in index.manifests where entry.mediaType.isDocument && entry.size <= UInt64(Document.limit) {
      guard seen.insert(entry.digest).inserted, members.contains(path(entry.digest)),
        let referrer = try ReferrerEntry(members.document(path(entry.digest)), entry.withoutAnnotations)
      else { continue }
      found[referrer.subject, default: []].append(referrer.descriptor.withShortAnnotations)
    }
    return found
  }

  private static func path(_ digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }

  func referrers(of digest: Digest) async throws -> [Descriptor] { referrers[digest] ?? [] }

  func named(_ tag: String) async throws -> Descriptor? {
    index.manifests.first { $0.annotations?[LayoutStore.tagAnnotation] == tag }?.withoutAnnotations
  }

  func contains(_ descriptor: Descriptor) async throws -> Bool {
    members.contains(OCIArchiveContent.path(descriptor.digest))
  }

  func blob(_ descriptor: Descriptor) async throws -> any Blob {
    let path = OCIArchiveContent.path(descriptor.digest)
    guard members.contains(path) else {
      throw StoreError(.notFound, descriptor.digest.description, reason: "not in the archive \(name)")
    }
    let blob = try members.content(path)
    guard blob.size == descriptor.size else {
      throw StoreError(size: blob.size, of: descriptor, at: "\(name): \(path)")
    }
    return blob
  }
}
