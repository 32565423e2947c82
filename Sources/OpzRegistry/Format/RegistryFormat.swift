import OpzIO
import OpzJSON
import OpzOCI
import OpzStore
import SystemPackage

/// What a reader has to know to use a registry, a model or a version (docs/reference/formats.md, "Between versions of
/// opz").
///
/// A document of a later opz may have kinds and members that this one does not know; they are kept and passed over.
/// What must not be passed over is named in the document's `critical`, as in JWS (RFC 7515, section 4.1.11): a reader
/// that does not know one of the names refuses what the document is about.
enum RegistryFormat {
  /// The formats of `registry.json` that this opz reads and writes.
  static let known = 1...2
  /// The format of a new registry.
  static let newest = 2
  /// The formats of records and events: 2 is a document of format 1 with `critical`.
  static let documents = 1...2
  /// The names in `critical` that this opz knows.
  static let features: Set<String> = []

  /// The first name in `critical` that this opz does not know.
  static func unknown(in critical: [String]?) -> String? { critical?.first { !features.contains($0) } }

  /// Of what this opz understands. Caches carry it, because another opz folds the same events into another state.
  static let fingerprint = Digest.of(
    Array((Event.Kind.known.map(\.rawValue).sorted() + ["-"] + features.sorted()).joined(separator: "\n").utf8)
  ).short

  static func laterFormat(_ subject: String, _ what: String, format: Int, reads known: ClosedRange<Int>)
    -> RegistryError
  {
    RegistryError(
      .unknownFormat, subject,
      reason: "\(what) has format \(format), this opz reads \(known.lowerBound) and \(known.upperBound)",
      hint: "use a newer opz")
  }

  static func missingFeature(_ subject: String, _ what: String, feature: String) -> RegistryError {
    RegistryError(
      .unknownFormat, subject, reason: "\(what) needs \"\(feature)\", which this opz does not know",
      hint: "use a newer opz")
  }
}

/// `registry.json`.
struct RegistryMarker: Codable {
  var format: Int
  var critical: [String]?

  static func path(in root: FilePath) -> FilePath { root.appending("registry.json") }

  /// Reads the marker of a registry.
  /// - Throws: `RegistryError.unknownFormat` for a registry that this opz must not touch.
  static func read(in root: FilePath) throws -> RegistryMarker {
    let path = path(in: root)
    let bytes = try SmallFile.read(path, limit: 4096)
    let marker = try CanonicalJSON.decode(RegistryMarker.self, from: bytes, subject: path.string)
    guard RegistryFormat.known.contains(marker.format) else {
      throw RegistryFormat.laterFormat(path.string, "the registry", format: marker.format, reads: RegistryFormat.known)
    }
    if let feature = RegistryFormat.unknown(in: marker.critical) {
      throw RegistryFormat.missingFeature(path.string, "the registry", feature: feature)
    }
    return marker
  }
}

extension Event.Kind {
  /// Whether readers of registries of format 1 know the kind.
  var isOfFormat1: Bool { Event.Kind.ofFormat1.contains(self) }
}

extension Event {
  /// Whether readers of registries of format 1 read the event.
  var isOfFormat1: Bool { kind.isOfFormat1 && format == 1 && critical == nil }
}

extension Registry {
  /// The caller holds the registry's lock, so that the format stays what it is.
  /// - Parameter what: what is about to be written.
  /// - Throws: `RegistryError.conflict` for a registry of format 1.
  func requireFormat2(for what: String) throws {
    guard try RegistryMarker.read(in: root).format < 2 else { return }
    throw RegistryError(
      .conflict, root.string, reason: "the registry has format 1, and \(what) needs format 2",
      hint: "opz registry upgrade; an opz that reads only format 1 does not open the registry then")
  }
}
