public import OpzIO
import OpzJSON

/// The configuration of an image (OCI image-spec, config.md).
public struct ImageConfig: Sendable, Codable, Hashable {
  /// RFC 3339, UTC.
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

  public struct Execution: Sendable, Codable, Hashable {
    public var user: String?
    /// Keys like `8080/tcp`, values `{}`.
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

    public init() {}
  }

  public struct RootFS: Sendable, Codable, Hashable {
    public var type: String
    public var diffIDs: [Digest]

    enum CodingKeys: String, CodingKey {
      case type
      case diffIDs = "diff_ids"
    }

    public init(diffIDs: [Digest]) {
      type = "layers"
      self.diffIDs = diffIDs
    }
  }

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

    public init(created: String?, createdBy: String, comment: String? = nil) {
      self.created = created
      self.createdBy = createdBy
      self.comment = comment
    }
  }

  /// The JSON object without members.
  public struct Empty: Sendable, Codable, Hashable {
    public init() {}
  }

  public init(platform: Platform, created: String?, diffIDs: [Digest] = []) {
    self.created = created
    architecture = platform.architecture
    os = platform.os
    variant = platform.variant
    osVersion = platform.osVersion
    osFeatures = platform.osFeatures
    rootfs = RootFS(diffIDs: diffIDs)
  }

  /// Refuses a configuration that others read differently, or that nobody should. One that is no JSON at all is nobody's image.
  /// - Throws: `OCIError`.
  public static func check(_ bytes: [UInt8], subject: String) throws {
    do {
      try JSONPlace.read(bytes, .imageConfig) { _ in }
    } catch let failure as JSONFailure where failure.kind != .syntax && failure.kind != .mismatch {
      throw OCIError(failure, subject)
    } catch is JSONFailure {
      return
    }
  }

  /// The most bytes of a configuration that are read.
  public static let limit = 16 << 20

  public var platform: Platform {
    var platform = Platform(os: os, architecture: architecture, variant: variant, osVersion: osVersion)
    platform.osFeatures = osFeatures
    return platform
  }
}
