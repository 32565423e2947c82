import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzTrust

@Suite("Secrets in the files of images")
struct SecretLookTests {
  private static func scan(_ name: String, _ bytes: [UInt8], secrets: Bool = true) -> [ScanReport.Finding] {
    var scanner = FileScanner(ScanReport(allowed: []))
    scanner.scan(name, BytesBlob(bytes), secrets: secrets)
    return scanner.report.findings.filter { $0.rule == .secret }
  }

  /// A file as Python's libraries archive or compress it.
  private static func packed(_ form: String, _ bytes: [UInt8]) throws -> [UInt8] {
    let directory = try TemporaryDirectory()
    try Durable.replace(directory.path.appending("settings.env"), with: bytes)
    let program = """
      import sys, zipfile, tarfile, gzip, bz2, lzma
      form = sys.argv[1]
      data = open("settings.env", "rb").read()
      if "zip" in form:
          with zipfile.ZipFile("out", "w", zipfile.ZIP_STORED if "stored" in form else zipfile.ZIP_DEFLATED) as out:
              out.write("settings.env")
      elif "tar" in form:
          with tarfile.open("out", "w:" + form[3:].strip()) as out:
              out.add("settings.env")
      else:
          open("out", "wb").write({"gz": gzip, "bz2": bz2, "xz": lzma}[form].compress(data))
      """
    let result = try ChildProcess.run(["python3", "-c", program, form], directory: directory.path)
    try #require(result.status == 0, "\(result.errorText)")
    return try FileBlob(directory.path.appending("out")).bytes()
  }

  @Test(
    "are found in members of archives and in compressed files",
    arguments: ["zip", "stored zip", "tar", "tar gz", "gz", "bz2", "xz"])
  func archives(form: String) throws {
    var missed: [String] = []
    for (number, kind) in SecretSample.kinds.enumerated() where number % 9 == 0 {
      let sample = kind.sample(seed: UInt64(number))
      let file = try SecretLookTests.packed(form, Array(SecretContext.plain(sample).utf8))
      if !SecretLookTests.scan("models/bundle.bin", file).contains(where: { $0.level == .error }) {
        missed.append(kind.name)
      }
    }
    #expect(missed.isEmpty, "\(form): \(missed)")
  }

  @Test("an encrypted key is a warning, and wheels from an index are not searched")
  func levels() {
    var random = SeededGenerator(seed: 1)
    let key = "-----BEGIN ENCRYPTED PRIVATE" + " KEY-----\n\(TestEncodings.base64(random.bytes(300)))\n"
    #expect(SecretLookTests.scan("app/key.pem", Array(key.utf8)).map(\.level) == [.warning])
    let sample = SecretSample.kinds[0].sample(seed: 1)
    #expect(SecretLookTests.scan("app/a.py", Array(sample.value.utf8)).map(\.level) == [.error])
    #expect(SecretLookTests.scan("app/a.py", Array(sample.value.utf8), secrets: false).isEmpty)
  }

  @Test("no finding shows the secret")
  func hidden() {
    for (number, kind) in SecretSample.kinds.enumerated() {
      let sample = kind.sample(seed: UInt64(number))
      let part = sample.value.dropFirst(12).prefix(10)
      for finding in SecretLookTests.scan("a", Array(SecretContext.plain(sample).utf8)) {
        #expect(part.isEmpty || !finding.text.contains(part), "\(kind.name): \(finding.text)")
      }
    }
  }
}
