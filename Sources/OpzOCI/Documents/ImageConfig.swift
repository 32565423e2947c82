public import OpzIO
import OpzJSON

/// The configuration of an image (OCI image-spec, config.md).
public struct ImageConfig: Sendable, Codable, Hashable {
  /// The creation time in RFC 3339, UTC.
  public var created: String?
  public var author: String?
  public var architecture: String
  public var os: String
  public var variant: String?
  public var osVersion: String?
  public var osFeatures: [String]?
  public var config: Execution?
  public var rootfs: RootFS
  public var history: [History]?

  enum CodingKeys: String, CodingKey {
    case created, author, architecture, os, variant, config, rootfs, history
    case osVersion = "os.version"
    case osFeatures = "os.features"
  }

  /// How to run the image (the member `config`).
  public struct Execution: Sendable, Codable, Hashable {
    public var user: String?
    /// Exposed ports: keys like `8080/tcp`, values `{}`.
    public var exposedPorts: [String: Empty]?
    public var env: [String]?
    public var entrypoint: [String]?
    public var cmd: [String]?
    public var volumes: [String: Empty]?
    public var workingDir: String?
    public var labels: [String: String]?
    public var stopSignal: String?

    enum CodingKeys: String, CodingKey {
      case user = "User"
      case exposedPorts = "ExposedPorts"
      case env = "Env"
      case entrypoint = "Entrypoint"
      case cmd = "Cmd"
      case volumes = "Volumes"
      case workingDir = "WorkingDir"
      case labels = "Labels"
      case stopSignal = "StopSignal"
    }

    /// Sets nothing.
    public init() {}
  }

  /// The digests of the uncompressed layers, lowest first.
  public struct RootFS: Sendable, Codable, Hashable {
    public var type: String
    public var diffIDs: [Digest]

    enum CodingKeys: String, CodingKey {
      case type
      case diffIDs = "diff_ids"
    }

    /// Lists diffIDs, lowest layer first.
    public init(diffIDs: [Digest]) {
      type = "layers"
      self.diffIDs = diffIDs
    }
  }

  /// How one layer was made; `emptyLayer` marks a step without a layer.
  public struct History: Sendable, Codable, Hashable {
    public var created: String?
    public var createdBy: String?
    public var comment: String?
    public var emptyLayer: Bool?

    enum CodingKeys: String, CodingKey {
      case created
      case createdBy = "created_by"
      case comment
      case emptyLayer = "empty_layer"
    }

    /// Describes the step that made a layer.
    public init(created: String?, createdBy: String, comment: String? = nil) {
      self.created = created
      self.createdBy = createdBy
      self.comment = comment
    }
  }

  /// The empty JSON object, the value in sets of ports and volumes.
  public struct Empty: Sendable, Codable, Hashable {
    /// `{}`.
    public init() {}
  }

  /// A configuration for a platform, without execution settings and history.
  public init(platform: Platform, created: String?, diffIDs: [Digest] = []) {
    self.created = created
    architecture = platform.architecture
    os = platform.os
    variant = platform.variant
    osVersion = platform.osVersion
    osFeatures = platform.osFeatures
    rootfs = RootFS(diffIDs: diffIDs)
  }

  /// Refuses a configuration that readers interpret differently, or that exceeds a limit. Text that is not JSON
  /// passes: no runtime takes it for an image.
  /// - Parameter subject: the document's name in errors.
  /// - Throws: `OCIError`.
  public static func check(_ bytes: [UInt8], subject: String) throws {
    do {
      try JSONView.read(bytes, .imageConfig) { _ in }
    } catch let failure as JSONFailure where failure.kind != .syntax && failure.kind != .mismatch {
      throw OCIError(failure, subject, in: bytes)
    } catch is JSONFailure {
      return
    }
  }

  /// The largest configuration to read, in bytes.
  public static let limit = 16 << 20

  /// The platform that the configuration declares.
  public var platform: Platform {
    var platform = Platform(os: os, architecture: architecture, variant: variant, osVersion: osVersion)
    platform.osFeatures = osFeatures
    return platform
  }
}
