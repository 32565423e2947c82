public import OpzArchive
import OpzIO
public import OpzOCI
import SystemPackage

/// A layer before it is written: its purpose and content.
public struct PlannedLayer: Sendable {
  public let role: LayerRole
  public let source: LayerSource
  public let compression: Compression
  /// The only platform whose image has it; nil for all.
  public var platform: Platform?
  /// The base's directories above the layer's entries.
  public var directories: [BaseDirectory] = []

  /// Plans a layer; a nil platform puts it into the images of all platforms.
  public init(role: LayerRole, source: LayerSource, compression: Compression, platform: Platform? = nil) {
    self.role = role
    self.source = source
    self.compression = compression
    self.platform = platform
  }

  /// Files of at least this many bytes get an uncompressed layer each: weights do not compress, and a layer with one
  /// file is uploaded again only when that file changes.
  public static let largeFile: UInt64 = 64 << 20
  /// Smaller files of the model share layers of at most this many bytes.
  public static let bundle: UInt64 = 256 << 20

  /// Splits the files of a project into layers, in image order.
  /// - Parameter compression: for all layers except weights, which are gzip or plain tar because KServe refuses
  ///   others.
  public static func plan(_ files: [SourceFile], compression: Compression = .gzip) -> [PlannedLayer] {
    var layers: [PlannedLayer] = []
    for role in LayerRole.allCases {
      let own = files.filter { $0.role == role }
        .sorted { $0.destination.bytesPrecede($1.destination) }
      let used = role == .model && compression == .zstd ? .gzip : compression
      for file in own where isLarge(file) {
        layers.append(PlannedLayer(role: role, source: .files([file]), compression: .none))
      }
      for files in bundles(own.filter { !isLarge($0) }, of: role) {
        layers.append(PlannedLayer(role: role, source: .files(files), compression: used))
      }
    }
    return layers
  }

  /// The layer of files on a base, with the base's directories.
  public func on(_ placement: BasePlacement) -> PlannedLayer {
    var result = self
    if case .files(let files) = source { result.directories = placement.directories(above: files) }
    return result
  }

  private static func isLarge(_ file: SourceFile) -> Bool {
    file.role == .model && file.size >= largeFile
  }

  private static func bundles(_ files: [SourceFile], of role: LayerRole) -> [[SourceFile]] {
    guard role == .model else { return files.isEmpty ? [] : [files] }
    var result: [[SourceFile]] = []
    var room: UInt64 = 0
    for file in files {
      if result.isEmpty || file.size > room {
        result.append([])
        room = bundle
      }
      result[result.count - 1].append(file)
      room -= file.size
    }
    return result
  }

  /// A title for users: the name of the only file or wheel, else the role and count.
  public var title: String {
    switch source {
    case .files(let files): files.count == 1 ? files[0].destination.string : "\(role) (\(files.count) files)"
    case .stored(let source): source.title
    case .packages(let source):
      source.names.count == 1 ? source.names[0] : "\(role) (\(source.names.count) \(source.noun)s)"
    }
  }

  /// Bytes of content before headers and compression; for packages, the size of their files.
  public var size: UInt64 {
    switch source {
    case .files(let files): files.reduce(0) { $0 &+ $1.size }
    case .packages(let source): source.size
    case .stored(let source): source.layer.descriptor.size
    }
  }

  /// An uncompressed layer with a single file has no file digest: the layer's digest stands for it, because a second
  /// SHA-256 over the weights would double the work.
  var holdsSingleFile: Bool { compression == .none && source.files.count == 1 }
}

extension PlannedLayer {
  /// The entries of the layer's tar, and the digests that are computed as its files are read.
  func content() throws -> (content: LayerContent, digests: FileDigests) {
    let digests = FileDigests(count: source.files.count)
    switch source {
    case .packages(let source): return (try LayerContent(source.entries()), digests)
    case .stored(let source):
      throw PackageError(
        .missingFile, source.title,
        reason: "its layer \(source.layer.descriptor.digest) is not in the registry's store",
        hint: "opz runtime import PATH-OF-OPZ-SERVER stores it again")
    case .files(let files):
      let entries = files.enumerated().map { index, file in
        let kind: TarEntry.Kind =
          switch file.kind {
          case .file: .file(holdsSingleFile ? FileContent(file) : HashedFile(file, at: index, digests))
          case .directory: .directory
          case .symlink(let target): .symlink(target: target)
          }
        return TarEntry(file.destination, kind, mode: file.mode, uid: file.owner.uid, gid: file.owner.gid)
      }
      return (try LayerContent(entries + directories.map(\.entry)), digests)
    }
  }
}
