import OpzArchive
import OpzIO
import OpzTestKit
import SystemPackage
import Testing

/// Archives made by Python's zipfile.
@Suite("Zip files made by Python's zipfile") struct ZipPeerTests {
  /// Uses every way of writing in the standard library; prints name, size and CRC-32 of each member.
  private static let script = """
    import io, os, sys, zipfile
    directory = sys.argv[1]
    def fill(archive, **more):
        archive.writestr("pkg/__init__.py", b"")
        archive.writestr("pkg/data.bin", bytes(range(256)) * 5000, **more)
        archive.writestr("d\\u00e9j\\u00e0.txt", "vu" * 1000)
        info = zipfile.ZipInfo("bin/run"); info.external_attr = 0o100755 << 16
        archive.writestr(info, "#!/bin/sh\\n")
        archive.writestr("dir/", "")
    class Pipe(io.RawIOBase):
        def __init__(self, file): self.file = file
        def writable(self): return True
        def write(self, data): return self.file.write(data)
    def path(name): return os.path.join(directory, name)
    with zipfile.ZipFile(path("stored"), "w", zipfile.ZIP_STORED) as archive: fill(archive)
    for level in (0, 1, 6, 9):
        with zipfile.ZipFile(path(f"deflate{level}"), "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive: fill(archive)
    with open(path("streamed"), "wb") as file, zipfile.ZipFile(Pipe(file), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pkg/data.bin", bytes(range(256)) * 5000)
    with zipfile.ZipFile(path("zip64"), "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("wide", "w", force_zip64=True) as member: member.write(b"wide" * 9999)
    with zipfile.ZipFile(path("commented"), "w") as archive:
        fill(archive); archive.comment = b"a comment"
    with zipfile.ZipFile(path("many"), "w") as archive:
        for index in range(65600): archive.writestr(f"m/{index}", b"")
    with zipfile.ZipFile(path("bzip2"), "w", zipfile.ZIP_BZIP2) as archive: fill(archive)
    with zipfile.ZipFile(path("lzma"), "w", zipfile.ZIP_LZMA) as archive: fill(archive)
    with open(path("prefixed"), "wb") as file:
        file.write(b"#!/usr/bin/env python\\n")
        with zipfile.ZipFile(file, "w") as archive: fill(archive)
    with zipfile.ZipFile(path("appended"), "w") as archive: fill(archive)
    with zipfile.ZipFile(path("appended"), "a") as archive: archive.writestr("more", b"more")
    for name in sys.argv[2:]:
        with zipfile.ZipFile(path(name)) as archive:
            for info in archive.infolist():
                print(name, info.filename.rstrip("/"), info.file_size, info.compress_size, info.CRC, (info.external_attr >> 16) & 0o7777)
    """

  @Test func sameMembers() throws {
    try withDirectory { directory throws in
      let names = [
        "stored", "deflate0", "deflate1", "deflate6", "deflate9", "streamed", "zip64", "commented", "many", "appended",
      ]
      let expected = try python(ZipPeerTests.script, [directory.string] + names)
      var found = ""
      for name in names {
        let archive = try ZipArchive(try FileBlob(directory.appending(name)), name: name)
        for entry in archive.entries {
          let path = String(decoding: entry.path, as: UTF8.self)
          found += "\(name) \(path) \(entry.size) \(entry.compressedSize) \(entry.crc32) \(entry.permissions)\n"
          if !entry.isDirectory, name != "many" {
            let content = try archive.content(entry).bytes()
            #expect(UInt64(content.count) == entry.size && RawZip.crc32(content) == entry.crc32)
          }
        }
      }
      #expect(found == expected)
      for name in ["bzip2", "lzma"] {
        #expect(code { _ = try ZipArchive(try FileBlob(directory.appending(name)), name: name) } == .unsupported)
      }
      #expect(code { _ = try ZipArchive(try FileBlob(directory.appending("prefixed")), name: "z") } == .malformed)
    }
  }
}
