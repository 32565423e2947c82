public import OpzIO
public import OpzJSON
public import OpzOCI

/// What is known about a version: `version.json`, written once and never changed.
///
/// `docs/reference/formats.md` describes the fields; `registry/version.schema.json` is their schema.
public struct VersionRecord: Codable, Sendable, Hashable {
  /// The number of this record's format.
  public static let currentFormat = 1

  public var format = VersionRecord.currentFormat
  public var name: String
  public var version: String
  /// When it was recorded, RFC 3339.
  public var created: String
  /// The program that made it: `opz 0.1.0`.
  public var tool: String
  /// The image's manifest, or the index of several.
  public var image: Descriptor
  /// The digest of the image's config (of the only platform): the identity of the content.
  public var content: Digest
  public var runtime: Runtime
  public var platforms: [String]
  public var layers: [Layer]
  /// The files that opz put into the image, where they are at most `FileList.inline`.
  public var files: [File]
  /// The list of more files than that, a blob.
  public var fileList: Descriptor?
  /// The Python packages of the image, and the wheels that they are from.
  public var packages: [Package]?
  public var model: Model?
  public var lineage: Lineage
  /// The `deploy` part of opz.yaml as it was.
  public var deploy: JSONValue?
  /// Where `opz push` goes unless it is told.
  public var pushTo: String?
  /// Other manifests over the same layers, by what they are: `modelpack`.
  public var artifacts: [String: Descriptor]?
  /// Files that `opz test` compares with, kept with the record and not in the image.
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

  /// What runs the model in the image, and the base it stands on.
  public struct Runtime: Codable, Sendable, Hashable {
    public var kind: String
    /// The base image's name, as opz.yaml or opz has it.
    public var base: String?
    public var baseDigest: Digest?
    /// What the image's configuration got over the base's, so that `opz rebase` can put it over another one's.
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
    /// The compressor and its version, nil for a layer that opz did not write.
    public var compressor: String?
    /// Where only one platform's image has the layer: `linux/arm64`.
    public var platform: String?
    /// `HOST/REPO` that has the blob, where it need not be in this registry: a base's layers are fetched only for what needs their bytes.
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
    /// In the image: `/models/model.json`.
    public var path: String
    /// Nil for a link, and for a file that is alone in an uncompressed layer: that layer's `diffID` stands for it.
    public var digest: Digest?
    public var size: UInt64
    /// Octal text: `0644`.
    public var mode: String
    /// Where a link leads.
    public var link: String?
    /// The bytes of `path` and of `link` in hex, where they are not UTF-8; the text then has U+FFFD for what is not.
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
    /// Normalised: `scikit-learn`.
    public var name: String
    public var version: String
    /// The file's name.
    public var wheel: String
    /// The wheel's.
    public var digest: Digest
    /// `linux/amd64`.
    public var platform: String

    /// Creates a package.
    ///
    /// - Parameters:
    ///   - name: normalized, `scikit-learn`.
    ///   - wheel: the wheel's file name.
    ///   - digest: the wheel's digest.
    ///   - platform: `linux/amd64`.
    public init(name: String, version: String, wheel: String, digest: Digest, platform: String) {
      self.name = name
      self.version = version
      self.wheel = wheel
      self.digest = digest
      self.platform = platform
    }
  }

  /// The format of the version's model, and its inputs and outputs.
  public struct Model: Codable, Sendable, Hashable {
    /// `xgboost-json` ..
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
  /// Whether opz made the layer, and a platform's image has it.
  public func isOwn(on platform: Platform) -> Bool { role != "runtime" && isPart(of: platform) }

  /// Whether a platform's image has the layer, under whatever name the platform goes.
  public func isPart(of platform: Platform) -> Bool {
    guard let own = self.platform else { return true }
    return Platform(own)?.normalized == platform.normalized
  }
}

extension VersionRecord {
  /// `churn@1.0.0`.
  public var reference: String { "\(name)@\(version)" }

  /// Reads `version.json`.
  /// - Throws: `RegistryError.unknownFormat` for a record of a later opz.
  public static func decode(_ bytes: [UInt8], subject: String) throws -> VersionRecord {
    if let record = VersionRecord(plain: bytes), record.format == currentFormat {
      return record
    }
    struct Header: Codable { var format: Int }
    let record = Result { try CanonicalJSON.decode(VersionRecord.self, from: bytes, .record, subject: subject) }
    // What a later format has need not decode at all: then the number alone is read.
    let format =
      try (try? record.get())?.format ?? CanonicalJSON.decode(Header.self, from: bytes, subject: subject).format
    guard format == currentFormat else {
      throw RegistryError(
        .unknownFormat, subject, "the record has format \(format), this opz reads \(currentFormat)",
        hint: "use a newer opz")
    }
    return try record.get()
  }
}
