import OpzIO
public import OpzOCI

/// All content reachable from a manifest or an index.
public struct ContentGraph: Sendable {
  /// Configs and layers, each once, in the order of the documents.
  public var blobs: [Descriptor] = []
  /// Manifests and indexes, each after the content it refers to; the root is last.
  public var documents: [Descriptor] = []

  /// An empty graph.
  public init() {}

  /// Reads the documents reachable from `root` and checks the images' configurations. Layers that are found only at
  /// their urls (image-spec, "Non-Distributable Layers") are left out: whoever runs the image fetches them from there.
  /// - Throws: `StoreError` with code `badLayout` for indexes nested deeper than 8, `OCIError` for malformed
  ///   documents, or what `source` throws.
  public static func of(_ root: Descriptor, in source: some ContentReader) async throws -> ContentGraph {
    var graph = ContentGraph()
    var seen: Set<Digest> = []
    try await graph.add(root, source, seen: &seen, depth: 0)
    return graph
  }

  private mutating func add(
    _ descriptor: Descriptor, _ source: some ContentReader, seen: inout Set<Digest>, depth: Int
  ) async throws {
    guard seen.insert(descriptor.digest).inserted else { return }
    guard depth < 8 else {
      throw StoreError(.badLayout, descriptor.digest.description, reason: "indexes are nested deeper than 8")
    }
    if descriptor.mediaType.isIndex {
      for child in try await source.index(descriptor).content.manifests {
        try await add(child, source, seen: &seen, depth: depth + 1)
      }
      documents.append(descriptor)
    } else if descriptor.mediaType.isManifest {
      let manifest = try await source.manifest(descriptor)
      try await source.checkConfig(of: manifest)
      for child in manifest.references where seen.insert(child.digest).inserted {
        if child.isNonDistributable, try await !source.contains(child) { continue }
        blobs.append(child)
      }
      documents.append(descriptor)
    } else {
      blobs.append(descriptor)
    }
  }
}

extension Descriptor {
  /// Whether it is a layer that registries need not have, because its urls lead to it.
  public var isNonDistributable: Bool {
    let type = mediaType.description
    let isKind = type.contains(".layer.nondistributable.") || type.contains(".rootfs.foreign.diff.")
    return isKind && !(urls ?? []).isEmpty
  }
}
