import OpzIO
import OpzJSON

/// A CNCF ModelPack artifact (model-spec, `application/vnd.cncf.model.manifest.v1+json`): a manifest and a config
/// over the layers of an image, so that the bytes are stored and sent only once.
public enum ModelPack {
  public static let artifactType = MediaType("application/vnd.cncf.model.manifest.v1+json")
  public static let configType = MediaType("application/vnd.cncf.model.config.v1+json")

  /// The kind of a layer, in the specification's terms.
  public enum Content: String, Sendable {
    case weight
    case weightConfig = "weight.config"
    case code
    case doc
    case dataset
  }

  /// A layer of the image, and what it is in the artifact.
  public struct Part: Sendable {
    public let layer: Layer
    public let content: Content
    /// The value of the specification's annotation: the path of the layer's only file, or the directory of several.
    public let path: String

    /// Describes one layer.
    public init(layer: Layer, content: Content, path: String) {
      self.layer = layer
      self.content = content
      self.path = path
    }
  }

  /// The metadata of the model.
  public struct Description: Sendable {
    public var name: String
    public var version: String
    /// The creation time in RFC 3339.
    public var created: String
    /// The format, `xgboost-json`; nil when unknown.
    public var format: String?
    public var source: String?
    public var revision: String?

    /// Makes a description from its parts.
    public init(
      name: String, version: String, created: String, format: String?, source: String?, revision: String?
    ) {
      self.name = name
      self.version = version
      self.created = created
      self.format = format
      self.source = source
      self.revision = revision
    }
  }

  /// Encodes the artifact's config.
  /// - Throws: `EncodingError` when it cannot be encoded.
  public static func config(_ description: Description, _ layers: [Part]) throws -> [UInt8] {
    var descriptor: [String: JSONValue] = [
      "name": .string(description.name), "version": .string(description.version),
      "createdAt": .string(description.created),
    ]
    descriptor["sourceURL"] = description.source.map { .string($0) }
    descriptor["revision"] = description.revision.map { .string($0) }
    var config: [String: JSONValue] = [:]
    config["format"] = description.format.map { .string($0) }
    return try CanonicalJSON.encode(
      JSONValue.object([
        "descriptor": .object(descriptor), "config": .object(config),
        "modelfs": .object([
          "type": "layers", "diffIds": .array(layers.map { .string($0.layer.diffID.description) }),
        ]),
      ]))
  }

  /// Makes the artifact's manifest.
  /// - Parameters:
  ///   - config: the descriptor of the bytes that `config` returned.
  ///   - layers: the layers, in the order of the config.
  ///   - annotations: the manifest's annotations.
  /// - Throws: `OCIError` with code `badDocument` for a layer that is not a tar.
  public static func manifest(config: Descriptor, _ layers: [Part], annotations: [String: String]) throws
    -> Manifest
  {
    let descriptors = try layers.map { part in
      var descriptor = part.layer.descriptor.withoutAnnotations
      descriptor.mediaType = try mediaType(part.content, part.layer.descriptor.mediaType)
      descriptor.annotations = ["org.cncf.model.filepath": part.path]
      return descriptor
    }
    return try Manifest(
      Manifest.Content(
        artifactType: artifactType, config: config, layers: descriptors,
        annotations: annotations.isEmpty ? nil : annotations))
  }

  private static func mediaType(_ content: Content, _ layer: MediaType) throws -> MediaType {
    let suffix =
      switch layer {
      case .layerTar: "tar"
      case .layerTarGzip: "tar+gzip"
      case .layerTarZstd: "tar+zstd"
      default: throw OCIError(.badDocument, layer.rawValue, reason: "not a layer that a ModelPack artifact can have")
      }
    return MediaType("application/vnd.cncf.model.\(content.rawValue).v1.\(suffix)")
  }
}
