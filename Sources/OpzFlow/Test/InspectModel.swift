import OpzArchive
public import OpzFormats
import OpzIO
import OpzModel
public import SystemPackage

extension Session {
  /// Says what is at a path: a model that opz scores, or another one from its headers alone.
  /// - Throws: `ModelError` for a file that is damaged or no model; `IOFailure` if it cannot be read.
  public func inspect(_ path: FilePath, options: ReadingOptions = ReadingOptions()) throws -> Inspection {
    do {
      return try formats.inspect(path, ModelDescriber(decompress: Session.beginning), options: options)
    } catch let error as ModelError {
      // What a program of the user's reads need not be a model that anybody knows.
      let script = ["predict.py", "predict.R"].first { (try? FileStatus.find(path.appending($0))) != nil }
      guard let script else { throw error }
      throw ModelError(
        error.code, error.subject, reason: error.reason,
        hint: "\(script) may read it: opz init \(path) writes a project that serves it")
    }
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
