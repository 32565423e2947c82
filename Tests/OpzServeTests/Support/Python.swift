import OpzIO
import OpzTestKit

/// Python's standard library, which encodes bodies as clients do.
enum Python {
  /// The bytes that an expression makes of `b`; gzip and zlib are there.
  static func bytes(_ expression: String, of bytes: [UInt8]) async throws -> [UInt8] {
    let directory = try TemporaryDirectory()
    let (input, output) = (directory.path.appending("in"), directory.path.appending("out"))
    try Durable.replace(input, with: bytes)
    let code = "import sys,gzip,zlib;b=open(sys.argv[1],'rb').read();open(sys.argv[2],'wb').write(\(expression))"
    _ = try await blocking { try ChildProcess.run(["python3", "-c", code, input.string, output.string]) }
    return try FileBlob(output).bytes()
  }
}
