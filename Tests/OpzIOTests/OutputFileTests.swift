import OpzIO
import OpzTestKit
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("Output files")
struct OutputFileTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test("nothing changes before it is finished, and nothing is left if it is not")
  func unfinished() throws {
    let path = try directory.write("file", "old")
    do {
      let output = try OutputFile(path)
      try [1, 2, 3].withUnsafeBytes { try output.write($0) }
    }
    #expect(try FileBlob(path).bytes() == Array("old".utf8))
    #expect(try directory.tree() == ["file"])
  }

  @Test("mode and owner are kept, setuid is not; a private file is readable only by its owner")
  func mode() throws {
    let path = try directory.write("file", "old")
    #expect(path.withPlatformString { chmod($0, 0o4751) } == 0)
    let owner = getuid() == 0 ? uid_t(12345) : getuid()
    #expect(path.withPlatformString { chown($0, owner, getgid()) } == 0)
    #expect(path.withPlatformString { chmod($0, 0o4751) } == 0)
    try OutputFile.write([1], to: path)
    let status = try FileStatus.of(path)
    #expect(status.mode == 0o751 && status.user == owner)
    try OutputFile.write([1], to: path, mode: 0o600, isPrivate: true)
    #expect(try FileStatus.of(path).mode == 0o600)
  }

  @Test("links are followed, and a circular chain is an error")
  func links() throws {
    try directory.write("a/file", "old")
    func link(_ from: String, _ to: String) { symlink(to, directory.path.appending(from).string) }
    link("one", "two")
    link("two", "a/three")
    link("a/three", "../a/file")
    link("round", "round")
    try OutputFile.write([7], to: directory.path.appending("one"))
    #expect(try FileBlob(directory.path.appending("a/file")).bytes() == [7])
    #expect(try FileStatus.of(directory.path.appending("one"), followLinks: false).kind == .symlink)
    #expect(throws: IOFailure.self) { try OutputFile.write([7], to: directory.path.appending("round")) }
  }

  @Test("a directory is refused with a hint")
  func directories() throws {
    #expect { try OutputFile.write([1], to: directory.path) } throws: { error in
      (error as? IOFailure)?.hint?.contains("name a file") == true
    }
  }

  @Test("a socket in the file system is refused and kept")
  func socket() throws {
    let path = directory.path.appending("socket")
    let listener = OpzTestSocket(path)
    defer { listener.close() }
    #expect(throws: IOFailure.self) { try OutputFile.write([1], to: path) }
    #expect(try FileStatus.of(path).kind == .other)
  }

  @Test("a pipe whose reader is closed is an error that says so")
  func closedPipe() throws {
    let path = directory.path.appending("pipe")
    #expect(mkfifo(path.string, 0o600) == 0)
    signal(SIGPIPE, SIG_IGN)
    let reader = open(path.string, O_RDONLY | O_NONBLOCK)
    let output = try OutputFile(path)
    close(reader)
    #expect { try [1].withUnsafeBytes { try output.write($0) } } throws: { error in
      (error as? IOFailure)?.errno == IOFailure.readerIsGone
    }
  }

  @Test("all bytes go into a nonblocking pipe")
  func nonblocking() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
    let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0) }
    let (readEnd, writeEnd) = (ends[0], ends[1])
    let thread = try DedicatedThread {
      var got: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 1 << 12)
      while got.count < 1_000_000 {
        let count = read(readEnd, &buffer, buffer.count)
        guard count > 0 else { break }
        got += buffer.prefix(count)
      }
      return got
    }
    try OutputFile.write(bytes, to: FilePath("/dev/fd/\(writeEnd)"))
    #expect(try thread.join() == bytes)
    close(readEnd)
    close(writeEnd)
  }
}

/// A listening Unix socket.
private struct OpzTestSocket {
  private let descriptor: Int32

  init(_ path: FilePath) {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.string.utf8.prefix(100)) }
    _ = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  func close() { Glibc.close(descriptor) }
}
