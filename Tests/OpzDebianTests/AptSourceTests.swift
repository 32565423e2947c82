import OpzDebian
import OpzIO
import Testing

@Suite("Sources of apt")
struct AptSourceTests {
  private func read(_ text: String, _ file: String = "sources.list") throws -> [AptSource] {
    try AptSource.all(in: text, file: file, architecture: "amd64")
  }

  @Test("are lines of sources.list")
  func lines() throws {
    let found = try read(
      """
      # deb http://old/ x main
      deb-src http://deb.debian.org/debian bookworm main
      deb [ arch=amd64,i386 signed-by=/usr/share/keyrings/d.gpg ] http://deb.debian.org/debian bookworm main contrib # x
      deb [trusted=yes check-valid-until=no] file:///srv/debs/$(ARCH) ./

      """)
    #expect(found.count == 2)
    #expect(found[0].release == "http://deb.debian.org/debian/dists/bookworm/")
    #expect(found[0].files == "http://deb.debian.org/debian/")
    #expect(found[0].components == ["main", "contrib"])
    #expect(found[0].signedBy == .files(["/usr/share/keyrings/d.gpg"]))
    #expect(found[0].has("amd64") && !found[0].has("arm64") && found[0].checksDate)
    #expect(found[1].isFlat && found[1].signedBy == .nobody && !found[1].checksDate)
    #expect(found[1].release == "file:///srv/debs/amd64/")
  }

  @Test("are parts of .sources files")
  func parts() throws {
    let found = try read(
      """
      Types: deb deb-src
      URIs: http://a/debian http://b/debian/
      Suites: trixie trixie-updates
      Components: main
      Signed-By:
       -----BEGIN PGP PUBLIC KEY BLOCK-----
       .
       mDME
       -----END PGP PUBLIC KEY BLOCK-----

      Types: deb
      URIs: http://c
      Suites: x
      Components: main
      Enabled: no
      """, "debian.sources")
    #expect(found.map(\.text).count == 4)
    #expect(found[3].release == "http://b/debian/dists/trixie-updates/")
    guard case .key(let key) = found[0].signedBy else { return #expect(Bool(false)) }
    #expect(key.contains("\n\nmDME\n"))
  }

  @Test(
    "are refused",
    arguments: [
      "rpm http://a x main", "deb http://a", "deb cdrom:[x]/ y main", "deb http://user:secret@a/ x main",
      "deb http://a x",
      "deb http://a x/ main", "deb http://a ../x/", "deb [signed-by=ABCD1234] http://a x main",
      "deb [a http://b x main",
      "deb file:relative x/",
    ])
  func refused(_ line: String) {
    let error = #expect(throws: DebianError.self) { try read(line) }
    #expect(error.map { !"\($0)".contains("secret") } == true)
  }

  @Test("have Release files with digests, a priority and a date")
  func release() throws {
    let digest = String(repeating: "ab", count: 32)
    let text =
      "Suite: x\nValid-Until: Sat, 01 Jan 2022 00:00:00 UTC\nNotAutomatic: yes\nButAutomaticUpgrades: yes\n"
      + "SHA256:\n \(digest) 12 main/binary-amd64/Packages\n \(digest) 10 main/binary-amd64/Packages.xz\n"
    let release = try ReleaseFile(Array(text.utf8), subject: "Release")
    #expect(release.priority == 100)
    #expect(release.packages("main", architecture: "amd64")?.path == "main/binary-amd64/Packages.xz")
    #expect(release.packages("main", architecture: "arm64") == nil)
    #expect(throws: DebianError.self) { try release.check(at: .now(), subject: "Release") }
    try release.check(at: Timestamp(milliseconds: 0), subject: "Release")
    #expect(throws: DebianError.self) { try ReleaseFile(Array("SHA256:\n zz 1 a\n".utf8), subject: "Release") }
  }

  @Test("have signed texts, of which nothing is outside of the signature")
  func signed() throws {
    let text =
      "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nA: 1  \n- -----x\n-----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----\n"
    let found = try ClearSignedText(Array(text.utf8), subject: "InRelease")
    #expect(String(decoding: found.text, as: UTF8.self) == "A: 1\n-----x")
    #expect(String(decoding: found.signature, as: UTF8.self).hasPrefix("-----BEGIN PGP SIGNATURE-----\n\nabcd\n"))
    for wrong in [
      "A: 1\n" + text, text + "B: 2\n", text + text, String(text.dropLast(30)),
      text.replacing("- -----x", with: "-----x"),
      text.replacing("Hash: SHA512", with: "Package: evil"), "",
      // gpgv cuts a line behind some 20,000 bytes and leaves out what it ends with.
      text.replacing("A: 1", with: "SHA256:" + String(repeating: "\r", count: 25_000) + " evil"),
      text.replacing("A: 1", with: "A:\rB"), text.replacing("A: 1", with: String(repeating: "A", count: 20_000)),
    ] {
      #expect(throws: DebianError.self) { try ClearSignedText(Array(wrong.utf8), subject: "InRelease") }
    }
  }

  @Test("have locks that are read as they were written")
  func lock() throws {
    let package = DebianLock.Package(
      name: "r-cran-a", version: "1:2~3-1", architecture: "all", platform: "linux/amd64", size: 5,
      digest: Digest.of([1]), url: "http://a/p.deb")
    let lock = DebianLock([package], of: "debian")
    #expect(try DebianLock(Array(lock.text.utf8), subject: "debian.lock") == lock)
    #expect(package.file == "r-cran-a_1%3a2~3-1_all.deb")
    for wrong in [
      "", "A: 1\n", lock.text.replacing("Opz-Lock: 1", with: "Opz-Lock: 2"),
      lock.text.replacing("SHA256: ", with: "SHA256: x"),
      lock.text.replacing("http://", with: "ftp://"), lock.text + lock.text.drop { $0 != "\n" }.dropFirst(30),
    ] {
      #expect(throws: DebianError.self) { try DebianLock(Array(wrong.utf8), subject: "debian.lock") }
    }
  }
}
