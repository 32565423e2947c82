import OpzArchive
public import OpzFormats
import OpzIO
public import SystemPackage

extension Session {
  /// Says what is at a path: a model that opz scores, or another one from its headers alone.
  /// - Throws: `ModelError` for a file that is damaged or no model; `IOFailure` if it cannot be read.
  public func inspect(_ path: FilePath, options: ReadingOptions = ReadingOptions()) throws -> Inspection {
    try formats.inspect(path, ModelDescriber(decompress: Session.beginning), options: options)
  }

  /// The first bytes of a compressed file, decompressed.
  private static func beginning(of path: FilePath, _ count: Int) -> [UInt8]? {
    guard let blob = try? FileBlob(path), let head = (try? blob.open(at: 0)).map({ read($0, 64) }),
      let candidate = StreamFormat.candidates(head).first,
      let source = try? UnpackingSource(blob, candidate, name: path.string)
    else { return nil }
    return read(source, count)
  }

  private static func read(_ source: any ByteSource, _ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let filled = (try? bytes.withUnsafeMutableBytes { try source.read(into: $0) }) ?? 0
    return Array(bytes[..<filled])
  }
}
