import OpzIO
import OpzOCI
import OpzRegistry
import OpzStore
import OpzTestKit

@testable import OpzFlow

/// A repository in memory, served over HTTP, whose owner can change anything, even the content of a digest.
struct ChangedRepository: Sendable {
  struct Document: Sendable, Equatable {
    var bytes: [UInt8]
    var type: String
  }

  /// The manifests, by digest.
  var manifests: [Digest: Document] = [:]
  var blobs: [Digest: [UInt8]] = [:]
  var tags: [String: Digest] = [:]

  /// A version as a push leaves it: its image, its record, its attachments, the list of referrers and the tags.
  init(_ version: Registry.Version, _ registry: Registry) async throws {
    let state = try registry.state(version.name)
    let attached = state.attachments(of: version)
    var referrers: [Descriptor] = []
    let companions = (version.record.artifacts ?? [:]).values
    for root in [version.record.image, version.artifact] + companions + attached.map(\.descriptor) {
      let graph = try await ContentGraph.of(root, in: registry.store)
      for blob in graph.blobs { blobs[blob.digest] = try registry.store.content(blob, limit: 1 << 24) }
      for document in graph.documents { keep(try registry.store.content(document), document.mediaType) }
      let bytes = try registry.store.content(root)
      if let entry = try ReferrerEntry(bytes, root.withoutAnnotations) { referrers.append(entry.descriptor) }
    }
    tags["1.0.0"] = version.record.image.digest
    list(referrers, of: version.record.image.digest)
    let classic = attached.last { $0.descriptor.artifactType == CosignTags.Kind.signatures.artifactType }
    tags[CosignTags.name(version.record.image.digest, .signatures)] = classic?.descriptor.digest
  }

  @discardableResult
  mutating func keep(_ bytes: [UInt8], _ type: MediaType) -> Digest {
    let digest = Digest.of(bytes)
    manifests[digest] = Document(bytes: bytes, type: type.rawValue)
    return digest
  }

  mutating func list(_ referrers: [Descriptor], of image: Digest) {
    guard let index = try? Index(Index.Content(manifests: referrers)) else { return }
    tags["sha256-\(image.hex)"] = keep(index.raw, .imageIndex)
  }

  /// The entries of the list of referrers.
  func listed(_ image: Digest) -> [Descriptor] {
    guard let document = tags["sha256-\(image.hex)"].flatMap({ manifests[$0] }) else { return [] }
    return (try? Index(raw: document.bytes, subject: "list"))?.content.manifests ?? []
  }

  /// Everything in the repository, in a stable order.
  var all: [Digest] { (Array(manifests.keys) + Array(blobs.keys)).sorted() }

  func bytes(_ digest: Digest) -> [UInt8] { manifests[digest]?.bytes ?? blobs[digest] ?? [] }

  mutating func remove(_ digest: Digest) {
    manifests[digest] = nil
    blobs[digest] = nil
  }

  /// Replaces the bytes under the same digest.
  mutating func replace(_ digest: Digest, with bytes: [UInt8]) {
    if manifests[digest] != nil { manifests[digest]?.bytes = bytes } else { blobs[digest] = bytes }
  }

  /// Other bytes under a digest of their own, and everything that named the old ones names these, with their size: manifests, lists, tags and records.
  mutating func exchange(_ digest: Digest, for bytes: [UInt8]) {
    var work = [(digest, bytes)]
    // This ends, because no document can name itself; the bound is only a safeguard.
    for _ in 0..<200 {
      guard let (old, bytes) = work.popLast() else { return }
      let new = Digest.of(bytes)
      guard new != old else { continue }
      let oldSize = self.bytes(old).count
      if let document = manifests.removeValue(forKey: old) {
        manifests[new] = Document(bytes: bytes, type: document.type)
      } else if blobs.removeValue(forKey: old) != nil {
        blobs[new] = bytes
      }
      for (tag, named) in tags {
        if named == old { tags[tag] = new }
        guard tag.hasPrefix("sha256-\(old.hex)") else { continue }
        tags[tag.replacing(old.hex, with: new.hex)] = tags.removeValue(forKey: tag)
      }
      for other in all where other != new {
        let text = String(decoding: self.bytes(other), as: UTF8.self)
        guard text.contains(old.hex) else { continue }
        let renamed = text.replacing(old.hex, with: new.hex)
        work.append((other, Array(Self.resized(renamed, new, from: oldSize, to: bytes.count).utf8)))
      }
    }
  }

  /// A document with another size in each descriptor that has a digest.
  private static func resized(_ text: String, _ digest: Digest, from old: Int, to new: Int) -> String {
    guard old != new else { return text }
    var text = text
    for place in text.ranges(of: digest.hex).reversed() {
      let start = text[..<place.lowerBound].lastIndex(of: "{") ?? text.startIndex
      let end = text[place.upperBound...].firstIndex(of: "}") ?? text.endIndex
      for space in ["", " "] {
        guard let size = text[start..<end].ranges(of: "\"size\":\(space)\(old)").last else { continue }
        text.replaceSubrange(size, with: "\"size\":\(space)\(new)")
        break
      }
    }
    return text
  }

  /// Serves the repository, read-only.
  func serve() throws -> ScriptedServer {
    try ScriptedServer { request in
      let name = String(request.path.split(separator: "/").last ?? "")
      let isHead = request.method == "HEAD"
      if request.path.contains("/manifests/") {
        guard let digest = Digest(name) ?? tags[name], let found = manifests[digest] else { return .init(404) }
        return .init(
          200, [("Content-Type", found.type)], body: isHead ? [] : found.bytes, length: found.bytes.count)
      }
      guard request.path.contains("/blobs/"), let found = Digest(name).flatMap({ blobs[$0] }) else { return .init(404) }
      return .init(200, [], body: isHead ? [] : found, length: found.count)
    }
  }
}
