import OpzArchive
import OpzIO
import SystemPackage
import Testing

private let member = 1 << 20

@Suite struct MemberWriterTests {
  /// Sizes at and around the boundaries of members.
  private static let sizes = [0, 1, 511, member - 1, member, member + 1, 2 * member, 3 * member + 12345]

  @Test(arguments: sizes, [0, 1, 2, 3, 8])
  func outputDoesNotDependOnThreads(size: Int, threads: Int) throws {
    var random = Seeded(UInt64(size))
    let input = random.bytes(size)
    for format in MemberFormat.allCases {
      #expect(try gzip(input, format, threads: threads) == gzip(input, format, threads: 1))
    }
  }

  @Test(arguments: 0..<12)
  func outputDoesNotDependOnHowTheInputIsCut(seed: UInt64) throws {
    var random = Seeded(seed)
    let input = random.bytes(Int.random(in: 0...(4 * member), using: &random))
    let writer = MemberWriter(MemorySink(), threads: 3)
    var start = 0
    while start < input.count {
      let longest = [1, 700, 70_000, member, 3 * member].randomElement(using: &random) ?? 1
      let count = min(Int.random(in: 0...longest, using: &random), input.count - start)
      try input[start..<(start + count)].withUnsafeBytes { try writer.write($0) }
      start += count
    }
    try writer.finish()
    #expect(writer.sink.bytes == (try gzip(input)))
  }

  @Test(arguments: sizes) func gzipAndPythonReadItBack(size: Int) throws {
    var random = Seeded(99)
    let input = random.bytes(size)
    try withDirectory { (directory) throws in
      let path = directory.appending("a.gz")
      try write(try gzip(input), to: path)
      _ = try run(["gzip", "-t", path.string])
      let output = try ChildProcess.run(["gzip", "-dc", path.string])
      #expect(output.output == input)
      let script = "import sys, gzip, hashlib; print(hashlib.sha256(gzip.open(sys.argv[1]).read()).hexdigest())"
      #expect(try python(script, [path.string]) == Digest.of(input).hex + "\n")
    }
  }

  @Test func everyMemberHasTheConstantHeaderAndItsInputSize() throws {
    let bytes = try gzip([UInt8](repeating: 5, count: 2 * member + 7))
    // Magic, deflate, no flags, time 0, level 6, unknown system.
    #expect(Array(bytes.prefix(10)) == [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])
    #expect(Array(bytes.suffix(4)) == [7, 0, 0, 0], "the last member's input size")
    let script = """
      import sys, zlib
      data, sizes = open(sys.argv[1], "rb").read(), []
      while data:
        d = zlib.decompressobj(31); sizes.append(len(d.decompress(data))); data = d.unused_data
      print(sizes)
      """
    try withDirectory { (directory) throws in
      try write(bytes, to: directory.appending("a.gz"))
      #expect(try python(script, [directory.appending("a.gz").string]) == "[\(member), \(member), 7]\n")
    }
  }

  @Test func finishTwiceIsOnce() throws {
    let writer = MemberWriter(MemorySink(), threads: 1)
    try writer.finish()
    let once = writer.sink.bytes
    try writer.finish()
    #expect(writer.sink.bytes == once)
    #expect(throws: ArchiveError.self) { try [1].withUnsafeBytes { try writer.write($0) } }
  }

  @Test(arguments: [0, 100, member]) func errorsOfTheSinkComeOut(limit: Int) throws {
    var random = Seeded(3)
    let input = random.bytes(8 * member)
    let writer = MemberWriter(FailingSink(left: limit), threads: 2)
    #expect(throws: FailingSink.Full.self) {
      try input.withUnsafeBytes { try writer.write($0) }
      try writer.finish()
    }
  }

  @Test func abandonedWriterEndsItsThreads() throws {
    for _ in 0..<500 {
      let writer = MemberWriter(MemorySink(), threads: 4)
      try [UInt8](repeating: 1, count: 3 * member).withUnsafeBytes { try writer.write($0) }
    }
    // A writer's deinit waits for its threads, so 2,000 leaked threads would show; other tests use a few hundred.
    let threads = try Directory.entries("/proc/self/task").count
    #expect(threads < 1500)
  }
}
