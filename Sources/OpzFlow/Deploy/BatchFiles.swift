import OpzArchive
public import OpzIO
public import OpzModel
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Runs `opz score` on files, or on standard input and output.
public struct BatchFiles: Sendable {
  /// Nil for standard input. A table that is compressed with gzip or zstd is unpacked; its content decides, not its name.
  public var input: FilePath?
  /// Nil for standard output.
  public var output: FilePath?
  /// Where bad rows are written; nil to fail at the first one.
  public var rejects: FilePath?

  /// Names the files.
  public init(input: FilePath?, output: FilePath?, rejects: FilePath? = nil) {
    self.input = input
    self.output = output
    self.rejects = rejects
  }

  /// Scores the input into the output. Output files appear only when they are complete. It blocks.
  /// - Throws: `ModelError`, `ArchiveError` for damaged compressed data, `IOFailure`.
  public func score(_ batch: BatchScoring, progress: any ProgressSink = NoProgress()) throws -> BatchScoring.Summary {
    let name = input?.lastComponent?.string ?? "standard input"
    let stream =
      if let input { StreamSource(try OpenFile.reading(input), name, progress: progress) } else {
        StreamSource(OpenFile(adopting: dup(0), path: "standard input"), name, progress: progress)
      }
    let size = try input.flatMap { path in
      let status = try FileStatus.of(path)
      return status.kind == .file ? status.size : nil
    }
    progress.report(.started(item: name, total: size))
    do {
      let summary = try score(batch, stream, name: name)
      progress.report(.finished(item: name, outcome: .done))
      return summary
    } catch {
      progress.report(.finished(item: name, outcome: .failed))
      throw error
    }
  }

  private func score(_ batch: BatchScoring, _ stream: StreamSource, name: String) throws -> BatchScoring.Summary {
    let source = try BatchFiles.unpacked(stream, name)
    var sink = try OutputFile(output ?? OutputFile.standardOutput)
    guard let rejects else {
      let summary = try batch.run(source, to: &sink)
      try sink.finish()
      return summary
    }
    var bad = try OutputFile(rejects)
    let summary = try batch.run(source, to: &sink, rejects: &bad)
    try bad.finish()
    try sink.finish()
    return summary
  }

  private static func unpacked(_ stream: StreamSource, _ name: String) throws -> any ByteSource {
    let head = try stream.peek(4)
    if head.starts(with: [0x1f, 0x8b]) { return try UnpackingSource.stream(stream, .gzip, name: name) }
    if head.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) { return try UnpackingSource.stream(stream, .zstd, name: name) }
    return stream
  }
}

/// Reads a file sequentially, so that pipes work too.
private final class StreamSource: ByteSource {
  private let file: OpenFile
  private let name: String
  private let progress: any ProgressSink
  /// Bytes that were looked at before they are read.
  private var head: [UInt8] = []
  private var unreported = 0

  init(_ file: consuming OpenFile, _ name: String, progress: any ProgressSink) {
    self.file = file
    self.name = name
    self.progress = progress
  }

  /// The first bytes; fewer if the file is shorter.
  func peek(_ count: Int) throws -> [UInt8] {
    while head.count < count {
      let more = try [UInt8](unsafeUninitializedCapacity: count - head.count) { space, filled in
        filled = try file.read(into: UnsafeMutableRawBufferPointer(space))
      }
      if more.isEmpty { break }
      head += more
    }
    return head
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = head.isEmpty ? try file.read(into: buffer) : min(head.count, buffer.count)
    if !head.isEmpty {
      buffer.copyBytes(from: head.prefix(count))
      head.removeFirst(count)
    }
    unreported += count
    if unreported >= 1 << 20 || count == 0, unreported > 0 {
      progress.report(.advanced(item: name, bytes: UInt64(unreported)))
      unreported = 0
    }
    return count
  }
}
