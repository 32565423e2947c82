import OpzIO
public import OpzJSON

extension Descriptor {
  /// Reads a descriptor from a JSON object. Nil for anything else, and for descriptors with urls or a platform, which
  /// are rare and left to `Codable`.
  public init?(_ json: JSONValue?) {
    guard let json, let type = json["mediaType"]?.string, let digest = json["digest"]?.string.flatMap({ Digest($0) }),
      let size = json["size"]?.integer.flatMap({ UInt64(exactly: $0) }), json["platform"] == nil, json["urls"] == nil
    else { return nil }
    self.init(mediaType: MediaType(type), digest: digest, size: size)
    if let type = json["artifactType"] {
      guard let text = type.string else { return nil }
      artifactType = MediaType(text)
    }
    if let value = json["annotations"] {
      guard let texts = value.texts else { return nil }
      annotations = texts
    }
  }
}

extension Descriptor {
  /// Like `init(_: JSONValue?)`, but reads from a parsed text without building values.
  package init?(_ json: JSONView?) {
    guard let json, let type = json["mediaType"].flatMap({ MediaType($0) }), let digest = json["digest"]?.digest,
      let size = json["size"]?.integer.flatMap({ UInt64(exactly: $0) }), json["platform"] == nil, json["urls"] == nil
    else { return nil }
    self.init(mediaType: type, digest: digest, size: size)
    if let type = json["artifactType"] {
      guard let type = MediaType(type) else { return nil }
      artifactType = type
    }
    if let value = json["annotations"] {
      guard let texts = value.texts else { return nil }
      annotations = texts
    }
  }
}

extension MediaType {
  /// Uses a single shared string for the most frequent type.
  fileprivate init?(_ json: JSONView) {
    if json.isText("application/vnd.oci.image.manifest.v1+json") {
      self = .imageManifest
    } else {
      guard let text = json.string else { return nil }
      self.init(text)
    }
  }
}
