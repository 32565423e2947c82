import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import OpzTrust

/// How to update a cosign tag at the destination: existing entries stay and missing ones are appended, as `cosign sign`
/// does. Other people's signatures are under the same tag, and overwriting it would lose them.
enum CosignMerge {
  /// The destination has no such tag, or nothing that the new manifest lacks.
  case replaced
  /// The destination has everything already.
  case kept
  /// A manifest with the layers of both, and its config if that changes too.
  case merged(Manifest, config: [UInt8]?)

  /// - Parameters:
  ///   - ours: the manifest that the copy brings.
  ///   - theirs: the manifest that the tag names at the destination; nil if there is none.
  ///   - place: the tag's name for errors.
  /// - Throws: `FlowError` of category `conflict` if the existing manifest cannot be appended to.
  static func plan(
    _ ours: Descriptor, _ kind: CosignTags.Kind, from source: some ContentReader, over theirs: Descriptor?,
    in destination: some ContentReader, at place: String
  ) async throws -> CosignMerge {
    guard let theirs, theirs.digest != ours.digest else { return .replaced }
    func conflict(_ reason: String) -> FlowError {
      FlowError(
        .conflict, place, reason: "the tag names \(theirs.digest), \(reason); nothing was overwritten",
        hint: "delete the tag if nobody needs it, or skip it with --no-referrers")
    }
    guard ours.mediaType.isManifest, theirs.mediaType.isManifest else {
      throw conflict("which is not a single manifest")
    }
    let new = try await source.manifest(ours)
    let old: Manifest
    do {
      old = try await destination.manifest(theirs)
    } catch let error as any ExplainedError where SkippedContent.isContentError(error) {
      throw conflict("which cannot be read: \(error.reason)")
    }
    let missing = new.content.layers.filter { layer in !old.content.layers.contains { $0.isSame(as: layer) } }
    if missing.isEmpty { return .kept }
    guard kind != .bills else { throw conflict("which is a different bill of materials") }
    guard old.content.layers.allSatisfy({ $0.mediaType == kind.mediaType }),
      new.content.layers.allSatisfy({ $0.mediaType == kind.mediaType })
    else { throw conflict("which contains something other than \(kind.mediaType)") }
    let isOurs =
      old.content.config.digest == new.content.config.digest && old.content.annotations == new.content.annotations
      && old.content.subject?.digest == new.content.subject?.digest
    if isOurs, old.content.layers.allSatisfy({ layer in new.content.layers.contains { $0.isSame(as: layer) } }) {
      return .replaced
    }
    guard old.content.layers.count + missing.count <= Evidence.most else {
      throw conflict("which has too many layers to add \(missing.count) more")
    }
    return try await merge(old, missing, in: destination, conflict: conflict)
  }

  private static func merge(
    _ old: Manifest, _ missing: [Descriptor], in destination: some ContentReader, conflict: (String) -> FlowError
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

  /// Appends diffIDs for the layers to an image config; nil if its diffIDs did not match the layers before.
  private static func adding(_ layers: [Descriptor], to config: [UInt8], of count: Int) throws -> [UInt8]? {
    guard var members = try? CanonicalJSON.decode([String: JSONValue].self, from: config, subject: "config"),
      case .object(var files)? = members["rootfs"], case .array(let ids)? = files["diff_ids"], ids.count == count
    else { return nil }
    // The layers are uncompressed documents, so their digests are their diffIDs.
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
  /// Whether content and annotations are the same; the signature is in the annotations.
  fileprivate func isSame(as other: Descriptor) -> Bool {
    digest == other.digest && mediaType == other.mediaType && (annotations ?? [:]) == (other.annotations ?? [:])
  }
}
