import OpzIO
public import OpzModel
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `opz score` on files: standard input and output where no file is named.
public enum BatchFiles {
  /// Scores `input` into `output`; a file appears when it is whole.
  /// - Returns: how many rows there were.
  public static func score(_ batch: BatchScoring, from input: FilePath?, to output: FilePath?) throws -> Int {
    let source: any ByteSource =
      if let input { try StreamSource(OpenFile.reading(input)) } else {
        StreamSource(OpenFile(adopting: dup(0), path: "standard input"))
      }
    var sink = try OutputFile(output ?? OutputFile.standardOutput)
    let rows = try batch.run(source, to: &sink)
    try sink.finish()
    return rows
  }
}

/// Any file that is read from where it stands: a pipe too.
private final class StreamSource: ByteSource {
  private let file: OpenFile
  init(_ file: consuming OpenFile) { self.file = file }
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try file.read(into: buffer) }
}
