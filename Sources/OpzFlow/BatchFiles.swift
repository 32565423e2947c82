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
  /// Scores `input` into `output`; the output appears when it is whole.
  /// - Returns: how many rows there were.
  public static func score(_ batch: BatchScoring, from input: FilePath?, to output: FilePath?) throws -> Int {
    let source: any ByteSource =
      if let input { try StreamSource(OpenFile.reading(input)) } else {
        StreamSource(OpenFile(adopting: dup(0), path: "standard input"))
      }
    guard let output else {
      var sink = StreamSink(OpenFile(adopting: dup(1), path: "standard output"))
      return try batch.run(source, to: &sink)
    }
    let temporary = Durable.temporaryName(beside: output)
    var sink = StreamSink(try OpenFile.creating(temporary))
    do {
      let rows = try batch.run(source, to: &sink)
      try sink.file.sync()
      try Durable.publish(temporary, at: output)
      return rows
    } catch {
      try? Durable.remove(temporary)
      throw error
    }
  }
}

/// Any file that is read from where it stands: a pipe too.
private final class StreamSource: ByteSource {
  private let file: OpenFile
  init(_ file: consuming OpenFile) { self.file = file }
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try file.read(into: buffer) }
}

private final class StreamSink: ByteSink {
  let file: OpenFile
  init(_ file: consuming OpenFile) { self.file = file }
  func write(_ bytes: UnsafeRawBufferPointer) throws { try file.write(bytes) }
}
