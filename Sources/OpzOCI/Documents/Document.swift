import OpzIO
import OpzJSON

/// What manifests and indexes have in common.
public enum Document {
  /// The largest manifest or index to read, in bytes. Remote registries refuse larger ones too.
  public static let limit = 4 << 20

  /// Reads a manifest or an index, refusing documents that readers interpret differently
  /// (`JSONShape.manifestOrIndex`).
  static func read<Content: Decodable>(
    _ type: Content.Type, from raw: [UInt8], as mediaType: MediaType, subject name: String, isIndex: Bool
  ) throws -> Content {
    guard raw.count <= limit else {
      throw OCIError(.tooLarge, name, reason: "it has \(raw.count) bytes; the limit for a manifest is \(limit)")
    }
    do {
      return try JSONView.read(raw, .manifestOrIndex) { document in
        try check(document, as: mediaType, subject: name, isIndex: isIndex)
        return try document.decode(type)
      }
    } catch let failure as JSONFailure {
      throw OCIError(failure, name, in: raw)
    }
  }

  private static func check(
    _ document: JSONView, as mediaType: MediaType, subject name: String, isIndex: Bool
  ) throws {
    guard document.isObject else { throw OCIError(.badDocument, name, reason: "it is not a JSON object") }
    if document.member("manifests") != nil, document.member("layers") != nil || document.member("config") != nil {
      throw OCIError(.ambiguousDocument, name, reason: "it is both a manifest and an index")
    }
    if document["fsLayers"]?.map({ $0 })?.isEmpty == false {
      throw OCIError(
        .ambiguousDocument, name, reason: "it has fsLayers, so other tools would take it for a schema 1 manifest")
    }
    guard mediaType.isIndex == isIndex, document.member(isIndex ? "manifests" : "config") != nil else {
      throw OCIError(.badDocument, name, reason: "\(mediaType) is not \(isIndex ? "an index" : "a manifest")")
    }
    if let inner = document["mediaType"]?.string, inner != mediaType.rawValue {
      throw OCIError(.ambiguousDocument, name, reason: "it calls itself \(inner), but was announced as \(mediaType)")
    }
  }
}
