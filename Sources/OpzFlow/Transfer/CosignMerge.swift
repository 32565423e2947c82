import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import OpzTrust

/// What becomes of one of cosign's tags that a push or a copy brings: what is there stays, what it does not have yet is added, as `cosign sign` does.
/// Others' signatures are under the same tag, and no registry brings back what was written over.
enum CosignMerge {
  /// Nothing is there, or nothing that the new manifest does not have.
  case replaced
  /// What is there has all of it.
  case kept
  /// A manifest of both, and its config where that is new too.
  case merged(Manifest, config: [UInt8]?)

  /// - Parameters:
  ///   - ours: what the copy brings.
  ///   - theirs: what the tag names at the destination; nil for nothing.
  ///   - place: what errors name.
  /// - Throws: `FlowError` of category `conflict` where what is there is nothing that can be added to.
  static func plan(
    _ ours: Descriptor, _ kind: CosignTags.Kind, from source: some ContentReader, over theirs: Descriptor?,
    in destination: some ContentReader, at place: String
  ) async throws -> CosignMerge {
    guard let theirs, theirs.digest != ours.digest else { return .replaced }
    func conflict(_ reason: String) -> FlowError {
      FlowError(
        .conflict, place, "the tag names \(theirs.digest), \(reason); nothing was written over",
        hint: "delete the tag if nobody needs it, or leave it out with --no-referrers")
    }
    guard ours.mediaType.isManifest, theirs.mediaType.isManifest else { throw conflict("and no manifest alone") }
    let new = try await source.manifest(ours)
    let old: Manifest
    do {
      old = try await destination.manifest(theirs)
    } catch let error as any ExplainedError where LeftOut.isAboutContent(error) {
      throw conflict("which cannot be read: \(error.reason)")
    }
    let missing = new.content.layers.filter { layer in !old.content.layers.contains { $0.isSame(as: layer) } }
    if missing.isEmpty { return .kept }
    guard kind != .bills else { throw conflict("another bill of materials") }
    guard old.content.layers.allSatisfy({ $0.mediaType == kind.mediaType }),
      new.content.layers.allSatisfy({ $0.mediaType == kind.mediaType })
    else { throw conflict("which holds something else than \(kind.mediaType)") }
    let isOurs =
      old.content.config.digest == new.content.config.digest && old.content.annotations == new.content.annotations
      && old.content.subject?.digest == new.content.subject?.digest
    if isOurs, old.content.layers.allSatisfy({ layer in new.content.layers.contains { $0.isSame(as: layer) } }) {
      return .replaced
    }
    guard old.content.layers.count + missing.count <= Evidence.most else {
      throw conflict("with so many parts that \(missing.count) more would not be read")
    }
    return try await merge(old, missing, in: destination, conflict)
  }

  private static func merge(
    _ old: Manifest, _ missing: [Descriptor], in destination: some ContentReader, _ conflict: (String) -> FlowError
  ) async throws -> CosignMerge {
    let subject = "\(old.descriptor.digest)"
    var members = try CanonicalJSON.decode([String: JSONValue].self, from: old.raw, subject: subject)
    guard case .array(let layers)? = members["layers"] else { throw conflict("which has no list of layers") }
    members["layers"] = .array(layers + (try missing.map { try JSONValue(encoding: $0) }))
    var config: [UInt8]?
    if old.content.config.mediaType.isImageConfig {
      let bytes = try await destination.bytes(old.content.config)
      if let changed = try adding(missing, to: bytes, of: old.content.layers.count) {
        var descriptor = old.content.config
        (descriptor.digest, descriptor.size) = (.of(changed), UInt64(changed.count))
        members["config"] = try JSONValue(encoding: descriptor)
        config = changed
      }
    }
    let raw = try CanonicalJSON.encode(JSONValue.object(members))
    guard raw.count <= Document.limit else { throw conflict("which has no room for more") }
    return .merged(try Manifest(raw: raw, mediaType: old.descriptor.mediaType, subject: subject), config: config)
  }

  /// An image's configuration has as many diffIDs as there are layers. Nil where it did not before.
  private static func adding(_ layers: [Descriptor], to config: [UInt8], of count: Int) throws -> [UInt8]? {
    guard var members = try? CanonicalJSON.decode([String: JSONValue].self, from: config, subject: "config"),
      case .object(var files)? = members["rootfs"], case .array(let ids)? = files["diff_ids"], ids.count == count
    else { return nil }
    // These layers are documents as they are: nothing compresses them.
    files["diff_ids"] = .array(ids + layers.map { .string("\($0.digest)") })
    members["rootfs"] = .object(files)
    if case .array(let lines)? = members["history"] {
      let line = JSONValue.object(["created": .string("0001-01-01T00:00:00Z")])
      members["history"] = .array(lines + layers.map { _ in line })
    }
    return try CanonicalJSON.encode(JSONValue.object(members))
  }
}

extension Descriptor {
  /// The same content with the same annotations: a signature is in these.
  fileprivate func isSame(as other: Descriptor) -> Bool {
    digest == other.digest && mediaType == other.mediaType && (annotations ?? [:]) == (other.annotations ?? [:])
  }
}
