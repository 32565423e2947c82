import OpzIO
public import OpzModel
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Runs `opz score` on files, or on standard input and output.
public enum BatchFiles {
  /// Scores `input` into `output`. An output file appears only when it is complete.
  /// - Returns: the number of rows.
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

/// Reads a file sequentially, so that pipes work too.
private final class StreamSource: ByteSource {
  private let file: OpenFile
  init(_ file: consuming OpenFile) { self.file = file }
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try file.read(into: buffer) }
}
