import OpzArchive
public import OpzIO

/// What an R object that `saveRDS` wrote says of itself without R: its class, the packages that it names, and which R
/// wrote it.
public struct RSurvey: Sendable, Hashable {
  /// The class attribute of the object, the most specific first: `glm`, `lm`. Empty if it has none.
  public let classes: [String]
  /// Packages whose namespaces the object refers to, sorted; R's own among them.
  public let namespaces: [String]
  /// The R that wrote it: `4.2.2`.
  public let version: String
  /// Whether the object is a function.
  public let isFunction: Bool

  /// The most bytes that a compressed file may unpack to.
  private static let unpackedLimit: UInt64 = 2 << 30

  /// Reads a file of `saveRDS`, compressed or not.
  /// - Parameter name: the file's name, for errors.
  /// - Returns: nil for a file that is no such serialization, or that cannot be read to its end.
  /// - Throws: what reading the file throws.
  public static func read(_ blob: any Blob, name: String) throws -> RSurvey? {
    var bytes = try PickleBytes(blob, at: 0)
    let head = try bytes.bytes(Int(min(64, blob.size))) ?? []
    guard let candidate = StreamFormat.candidates(head).first else { return try plain(blob) }
    guard let source = try? UnpackingSource(blob, candidate, name: name),
      let unpacked = try? SpooledBlob.spool(source, limit: unpackedLimit)
    else { return nil }
    return try plain(unpacked.blob)
  }

  private static func plain(_ blob: any Blob) throws -> RSurvey? {
    do {
      var header = try RStream(blob, at: 0)
      _ = try header.integer()
      let written = try header.integer()
      let tree = try RReader.read(try RStream(blob, at: 0))
      guard let root = tree[0] else { return nil }
      let namespaces = Set(tree.nodes.filter { $0.kind == .namespace }.compactMap(\.texts.first))
      return RSurvey(
        classes: tree.attribute("class", of: root), namespaces: namespaces.sorted(),
        version: "\(written >> 16).\(written >> 8 & 255).\(written & 255)", isFunction: root.kind == .closure)
    } catch is RProblem { return nil }
  }
}
