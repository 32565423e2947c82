public import OpzArchive
public import SystemPackage

/// Small files of a base image and all its names, read from its layers without running anything.
public struct BaseFiles: Sendable {
  /// The names, after all layers.
  public let table: PathTable
  private let contents: [FilePath: [UInt8]]

  fileprivate init(table: PathTable, contents: [FilePath: [UInt8]]) {
    self.table = table
    self.contents = contents
  }

  /// The content of a file that was wanted, following links; nil if there is none.
  public subscript(_ path: FilePath) -> [UInt8]? {
    guard case .path(let place) = table.resolve(path), case .other? = table[place] else { return nil }
    return contents[place]
  }

  /// Those of the wanted files that are in a directory, by their paths.
  public func files(in directory: FilePath) -> [FilePath] {
    table.paths(named: { _ in true }, in: directory).filter { self[$0] != nil }
  }
}

/// Collects the wanted files of a base from its layers, which are added one by one, the lowest first.
public struct BaseFilesReader: Sendable {
  /// The most bytes of a file: dpkg's status has three million in large images.
  private static let largest: UInt64 = 64 << 20
  /// The most bytes of all files.
  private static let most: UInt64 = 256 << 20

  private let limits: ArchiveLimits
  private let isWanted: @Sendable (FilePath) -> Bool
  private var table: PathTable
  private var contents: [FilePath: [UInt8]] = [:]
  private var count = 0
  private var total: UInt64 = 0

  /// Begins with no layer.
  public init(limits: ArchiveLimits = ArchiveLimits(), wanted isWanted: @escaping @Sendable (FilePath) -> Bool) {
    self.limits = limits
    self.isWanted = isWanted
    table = PathTable(limits: limits)
  }

  /// Reads the next layer once.
  /// - Throws: `ArchiveError` for a layer that is damaged, unsafe or over a limit.
  public mutating func add(_ layer: StoredLayer) throws {
    try table.begin(layer: count, archive: layer.name)
    count += 1
    try layer.forEachHeader(limits: limits) { header, reader in
      try table.add(LayerName(header))
      guard isWanted(header.path) else { return }
      // The same name in a later layer is the file that the image has.
      switch header.kind {
      case .hardlink(let target): contents[header.path] = contents[target]
      case .file:
        total &+= header.size
        guard header.size <= BaseFilesReader.largest, total <= BaseFilesReader.most else {
          throw ArchiveError(.overLimit, layer.name, reason: "\(header.path) is too large")
        }
        var bytes: [UInt8] = []
        try reader.forEachChunk { bytes.append(contentsOf: $0) }
        contents[header.path] = bytes
      default: contents[header.path] = nil
      }
    }
  }

  /// The files of the image whose layers were added.
  public func finished() -> BaseFiles { BaseFiles(table: table, contents: contents) }
}
