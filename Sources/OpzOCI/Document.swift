import OpzIO

/// What manifests and indexes have in common.
public enum Document {
  /// The largest manifest or index that is read, in bytes. Registries refuse larger ones too.
  public static let limit = 4 << 20

  /// Refuses what one reader could take for a manifest and another for an index.
  static func check(_ raw: [UInt8], _ mediaType: MediaType, _ name: String, isIndex: Bool) throws {
    guard raw.count <= limit else {
      throw OCIError(.tooLarge, name, "\(raw.count) bytes are more than the \(limit) that a manifest may have")
    }
    let members = try CanonicalJSON.decode([String: JSONValue].self, from: raw, subject: name)
    if members["manifests"] != nil, members["layers"] != nil || members["config"] != nil {
      throw OCIError(.ambiguousDocument, name, "it is both a manifest and an index")
    }
    guard mediaType.isIndex == isIndex, members[isIndex ? "manifests" : "config"] != nil else {
      throw OCIError(.badDocument, name, "\(mediaType) is not \(isIndex ? "an index" : "a manifest")")
    }
    if case .string(let inner)? = members["mediaType"], inner != mediaType.rawValue {
      throw OCIError(.ambiguousDocument, name, "it calls itself \(inner), but was announced as \(mediaType)")
    }
  }
}
