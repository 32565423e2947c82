import OpzArchive
import OpzIO
import SystemPackage
import Testing

/// Collects what is written.
struct MemorySink: ByteSink {
  var bytes: [UInt8] = []
  mutating func write(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
}

/// Accepts `limit` bytes and then fails, like a full disk.
struct FailingSink: ByteSink {
  struct Full: Error {}
  var left: Int
  mutating func write(_ more: UnsafeRawBufferPointer) throws {
    left -= more.count
    if left < 0 { throw Full() }
  }
}

/// SplitMix64: the same numbers on every run.
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Moderately compressible bytes.
  mutating func bytes(_ count: Int) -> [UInt8] {
    let words = (0..<(count / 8 + 1)).map { _ in next() & 0x3f3f_3f3f_3f3f_3f3f }
    return words.withUnsafeBytes { Array($0.prefix(count)) }
  }
}

func tar(_ entries: [TarEntry]) throws -> [UInt8] {
  var writer = TarWriter(MemorySink())
  for entry in entries { try writer.write(entry) }
  try writer.finish()
  return writer.sink.bytes
}

func gzip(_ bytes: [UInt8], _ format: MemberFormat = .gzip, threads: Int = 2) throws -> [UInt8] {
  let writer = MemberWriter(MemorySink(), format, threads: threads)
  try bytes.withUnsafeBytes { try writer.write($0) }
  try writer.finish()
  return writer.sink.bytes
}

func layer(_ tar: [UInt8], _ compression: Compression = .none, diffID: Digest? = nil) -> StoredLayer {
  StoredLayer(BytesBlob(tar), compression, diffID: diffID)
}

/// Runs `body` with a new directory that is removed afterwards.
func withDirectory<Value>(_ body: (FilePath) throws -> Value) throws -> Value {
  let directory = try Directory.temporary(prefix: "opz-archive-test-")
  defer { try? Durable.removeTree(directory) }
  return try body(directory)
}

func write(_ bytes: [UInt8], to path: FilePath) throws {
  let file = try OpenFile.creating(path)
  try file.write(bytes)
}

func read(_ path: FilePath) throws -> [UInt8] { try FileBlob(path).bytes() }

/// Runs a tool, which must be installed and must exit with 0.
func run(_ arguments: [String], input: [UInt8] = [], environment: [String]? = nil) throws -> String {
  let result = try ChildProcess.run(arguments, input: input, environment: environment)
  try #require(result.status == 0, "\(arguments) ended with \(result.status): \(result.errorText) (run scripts/test)")
  return result.text
}

/// The interpreter that `scripts/test` provides.
func python(_ script: String, _ arguments: [String] = []) throws -> String {
  var path = FilePath(#filePath)
  for _ in 0..<3 { path.removeLastComponent() }
  let own = path.appending(".build/test-python/bin/python")
  let interpreter = environment("OPZ_TEST_PYTHON") ?? own.string
  try #require(try FileStatus.find(FilePath(interpreter)) != nil, "no \(interpreter): run scripts/test")
  return try run([interpreter, "-c", script] + arguments)
}

/// The code of the `ArchiveError` that `body` throws.
func code(_ body: () throws -> Void) -> ArchiveError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? ArchiveError)?.code
  }
}
