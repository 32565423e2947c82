public import OpzIO
public import OpzJSON
public import OpzOCI

/// The record of a version: `version.json`, written once and never changed.
///
/// `docs/reference/formats.md` describes the fields; `registry/version.schema.json` is their schema.
public struct VersionRecord: Codable, Sendable, Hashable {
  /// The number of this record's format.
  public static let currentFormat = 1
  /// The largest `version.json`, in bytes.
  static let limit = 64 << 20

  public var format = VersionRecord.currentFormat
  /// Names of what a reader has to know to use the version at all; nil in records of format 1.
  public var critical: [String]?
  public var name: String
  public var version: String
  /// When it was recorded, RFC 3339.
  public var created: String
  /// The program that created it: `opz 0.1.0`.
  public var tool: String
  /// The image's manifest, or the index of several.
  public var image: Descriptor
  /// The digest of the image's config (of the only platform): the identity of the content.
  public var content: Digest
  public var runtime: Runtime
  public var platforms: [String]
  public var layers: [Layer]
  /// The files that opz put into the image, if they are at most `FileList.inline`.
  public var files: [File]
  /// The blob that lists more files than that.
  public var fileList: Descriptor?
  /// The Python packages of the image, and the wheels that they came from.
  public var packages: [Package]?
  public var model: Model?
  public var lineage: Lineage
  /// The `deploy` section of opz.yaml at packaging time.
  public var deploy: JSONValue?
  /// The default destination of `opz push`.
  public var pushTo: String?
  /// Other manifests over the same layers, by type: `modelpack`.
  public var artifacts: [String: Descriptor]?
  /// Files that `opz test` compares with; stored with the record, not in the image.
  public var tests: [TestFile]

  /// Creates a record of the current format, unchecked; `fileList`, `packages` and `artifacts` are set afterwards.
  ///
  /// - Parameters:
  ///   - created: RFC 3339.
  ///   - tool: the program that made it, `opz 0.1.0`.
  ///   - image: the manifest, or the index of several platforms.
  ///   - content: the digest of the image's config; for several platforms, of all their config digests, one per line.
  ///   - pushTo: where `opz push` goes by default.
  public init(
    name: String, version: String, created: String, tool: String, image: Descriptor, content: Digest, runtime: Runtime,
    platforms: [String], layers: [Layer], files: [File], model: Model?, lineage: Lineage, deploy: JSONValue?,
    pushTo: String?, tests: [TestFile]
  ) {
    self.name = name
    self.version = version
    self.created = created
    self.tool = tool
    self.image = image
    self.content = content
    self.runtime = runtime
    self.platforms = platforms
    self.layers = layers
    self.files = files
    self.model = model
    self.lineage = lineage
    self.deploy = deploy
    self.pushTo = pushTo
    self.tests = tests
  }

  /// What runs the model in the image, and the base image.
  public struct Runtime: Codable, Sendable, Hashable {
    public var kind: String
    /// The base image's name, from opz.yaml or the default.
    public var base: String?
    public var baseDigest: Digest?
    /// What the image's configuration adds to the base's, so that `opz rebase` can add it to another base's.
    public var settings: JSONValue?

    /// Creates a runtime.
    ///
    /// - Parameters:
    ///   - kind: `native`, `python` or another kind that `runtime.kind` in `opz.yaml` can have.
    ///   - base: the base image's name; nil without a base.
    ///   - baseDigest: the digest that the name was resolved to.
    ///   - settings: what the image's configuration adds to the base's; nil where `opz rebase` is not possible.
    public init(kind: String, base: String? = nil, baseDigest: Digest? = nil, settings: JSONValue? = nil) {
      self.kind = kind
      self.base = base
      self.baseDigest = baseDigest
      self.settings = settings
    }
  }

  /// A layer of the version's image, with what it holds and where its blob can be found.
  public struct Layer: Codable, Sendable, Hashable {
    /// `runtime`, `environment`, `files`, `model`, `code` or `config`.
    public var role: String
    public var descriptor: Descriptor
    /// The digest of the uncompressed tar.
    public var diffID: Digest
    /// The compressor and its version; nil for a layer that opz did not write.
    public var compressor: String?
    /// The only platform whose image has the layer, such as `linux/arm64`; nil if all have it.
    public var platform: String?
    /// `HOST/REPO` that has the blob, if it need not be in this registry: a base's layers are fetched only when needed.
    public var origin: String?

    /// Creates a layer.
    ///
    /// - Parameters:
    ///   - role: `runtime`, `environment`, `files`, `model`, `code` or `config`.
    ///   - diffID: the digest of the uncompressed tar.
    ///   - compressor: the compressor and its version; nil for a layer that opz did not write.
    ///   - platform: the only platform whose image has the layer; nil if all have it.
    ///   - origin: `HOST/REPO` that has the blob, if it need not be in the local registry.
    public init(
      role: String, descriptor: Descriptor, diffID: Digest, compressor: String?, platform: String? = nil,
      origin: String? = nil
    ) {
      self.role = role
      self.descriptor = descriptor
      self.diffID = diffID
      self.compressor = compressor
      self.platform = platform
      self.origin = origin
    }
  }

  /// A file or link in one of the layers that opz made.
  public struct File: Codable, Sendable, Hashable {
    public var role: String
    /// Absolute path in the image: `/models/model.json`.
    public var path: String
    /// Nil for a link, and for a file that is alone in an uncompressed layer, which the layer's `diffID` identifies.
    public var digest: Digest?
    public var size: UInt64
    /// Octal text: `0644`.
    public var mode: String
    /// The target of a link.
    public var link: String?
    /// The bytes of `path` and of `link` in hex, if they are not UTF-8; the text then has U+FFFD for invalid bytes.
    public var pathBytes: String?
    public var linkBytes: String?

    /// Creates a file; `pathBytes` and `linkBytes` are set afterwards where the names are not UTF-8.
    ///
    /// - Parameters:
    ///   - role: the role of its layer, such as `model` or `code`.
    ///   - path: absolute in the image.
    ///   - digest: nil for a link, and for a file that is alone in an uncompressed layer.
    ///   - size: bytes.
    ///   - mode: the permission bits as octal text, `0644`.
    ///   - link: the target of a link.
    public init(role: String, path: String, digest: Digest?, size: UInt64, mode: String, link: String? = nil) {
      self.role = role
      self.path = path
      self.digest = digest
      self.size = size
      self.mode = mode
      self.link = link
    }
  }

  /// A Python package that is installed in the image of one platform.
  public struct Package: Codable, Sendable, Hashable {
    /// Normalized: `scikit-learn`.
    public var name: String
    public var version: String
    /// The file name of the wheel, or of the .deb.
    public var wheel: String
    /// The file's digest.
    public var digest: Digest
    /// `linux/amd64`.
    public var platform: String
    /// The bytes of its files; nil in records of earlier versions of opz.
    public var unpacked: UInt64?
    /// The distribution whose package it is, `debian`; nil for a wheel.
    public var distribution: String?

    /// Creates a package.
    ///
    /// - Parameters:
    ///   - name: normalized, `scikit-learn`.
    ///   - wheel: the file name of the wheel, or of the .deb.
    ///   - digest: the file's digest.
    ///   - platform: `linux/amd64`.
    ///   - unpacked: the bytes of its files.
    ///   - distribution: whose package it is, `debian`; nil for a wheel.
    public init(
      name: String, version: String, wheel: String, digest: Digest, platform: String, unpacked: UInt64? = nil,
      distribution: String? = nil
    ) {
      self.name = name
      self.version = version
      self.wheel = wheel
      self.digest = digest
      self.platform = platform
      self.unpacked = unpacked
      self.distribution = distribution
    }
  }

  /// The format of the version's model, and its inputs and outputs.
  public struct Model: Codable, Sendable, Hashable {
    /// `xgboost-json` and the like.
    public var format: String
    /// The model's inputs and outputs, as OpzModel's `Signature` encodes them.
    public var signature: JSONValue?

    /// Creates a description of a model.
    ///
    /// - Parameters:
    ///   - format: `xgboost-json` and the like.
    ///   - signature: the inputs and outputs, as OpzModel's `Signature` encodes them; nil where they are not known.
    public init(format: String, signature: JSONValue?) {
      self.format = format
      self.signature = signature
    }
  }

  /// A file that `opz test` reads: inputs, expected results or requests. Its blob is in the store.
  public struct TestFile: Codable, Sendable, Hashable {
    /// `holdout.csv`, `expected.csv` or `requests.jsonl`.
    public var name: String
    public var descriptor: Descriptor

    /// Creates a test file.
    ///
    /// - Parameters:
    ///   - name: `holdout.csv`, `expected.csv` or `requests.jsonl`.
    ///   - descriptor: the blob with its content.
    public init(name: String, descriptor: Descriptor) {
      self.name = name
      self.descriptor = descriptor
    }
  }
}

extension VersionRecord.Layer {
  /// Whether opz created the layer and the platform's image has it.
  public func isOwn(on platform: Platform) -> Bool { role != "runtime" && isPart(of: platform) }

  /// Whether a platform's image has the layer; platforms are compared in normalized form.
  public func isPart(of platform: Platform) -> Bool {
    guard let own = self.platform else { return true }
    return Platform(own)?.normalized == platform.normalized
  }
}

extension VersionRecord {
  /// `churn@1.0.0`.
  public var reference: String { "\(name)@\(version)" }

  /// The members that say whether this opz may read the rest, which need not decode.
  struct Header: Codable {
    var format: Int
    var critical: [String]?

    init(_ bytes: [UInt8], subject: String) throws {
      self = try CanonicalJSON.decode(Header.self, from: bytes, subject: subject)
    }

    /// - Throws: `RegistryError.unknownFormat`.
    func require(subject: String) throws {
      guard RegistryFormat.documents.contains(format) else {
        throw RegistryFormat.laterFormat(subject, "the record", format: format, reads: RegistryFormat.documents)
      }
      if let feature = RegistryFormat.unknown(in: critical) {
        throw RegistryFormat.missingFeature(subject, "the version", feature: feature)
      }
    }
  }

  /// Reads `version.json`.
  /// - Throws: `RegistryError.unknownFormat` for a record that needs a later opz.
  public static func decode(_ bytes: [UInt8], subject: String) throws -> VersionRecord {
    if let record = VersionRecord(plain: bytes), record.format == currentFormat, record.critical == nil {
      return record
    }
    try Header(bytes, subject: subject).require(subject: subject)
    return try CanonicalJSON.decode(VersionRecord.self, from: bytes, .record, subject: subject)
  }
}

extension VersionRecord {
  private static let runtimeKinds: Set = ["native", "python", "r", "custom", "model"]

  /// Required by commands that depend on how the image is built or started. Everywhere else an unknown kind is passed
  /// over.
  /// - Throws: `RegistryError.unknownFormat` for a version whose `runtime.kind` this opz does not know.
  public func requireKnownRuntime() throws {
    guard !VersionRecord.runtimeKinds.contains(runtime.kind) else { return }
    throw RegistryError(
      .unknownFormat, reference,
      reason: "its runtime is of the kind \"\(runtime.kind.prefix(100))\", which this opz does not know",
      hint: "use a newer opz")
  }
}
