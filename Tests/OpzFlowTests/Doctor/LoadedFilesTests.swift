import OpzIO
import SystemPackage
import Testing

@testable import OpzFlow

@Suite("Libraries of this process")
struct LoadedFilesTests {
  static let maps = """
    55e4a0a00000-55e4a0c00000 r--p 00000000 fe:01 131 /usr/bin/opz
    7f10a0000000-7f10a0021000 rw-p 00000000 00:00 0
    7f10a4200000-7f10a4228000 r--p 00000000 fe:01 9023 /usr/lib/libcurl-gnutls.so.4
    7f10a4400000-7f10a4428000 r--p 00000000 fe:01 9024                       /home/a b/lib/opz/libcurl.so.4.8.0
    7f10a4600000-7f10a4628000 r--p 00000000 fe:01 9025   relative/libz.so.1
    7ffd1a9b0000-7ffd1a9d1000 rw-p 00000000 00:00 0                          [stack]
    """

  @Test(
    "the file is found by the beginning of its name",
    arguments: [
      ("libcurl.so", "/home/a b/lib/opz/libcurl.so.4.8.0"), ("libcurl-", "/usr/lib/libcurl-gnutls.so.4"),
      ("libz.so", nil), ("[stack]", nil), ("libssl", nil),
    ] as [(String, String?)])
  func find(prefix: String, path: String?) {
    #expect(LoadedFiles.find(prefix, in: LoadedFilesTests.maps)?.string == path)
  }

  @Test("this process maps the C library")
  func here() throws {
    let path = try #require(LoadedFiles.path(of: "libc.so"))
    #expect(try FileStatus.of(path).kind == .file)
  }
}
