import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("opz registry upgrade")
struct RegistryUpgradeTests {
  let directory: TemporaryDirectory
  private var registry: FilePath { directory.path.appending("registry") }
  private var marker: FilePath { registry.appending("registry.json") }

  init() throws {
    directory = try TemporaryDirectory()
    let golden = PackageRoot.path(#filePath).appending("registry/golden")
    _ = try ChildProcess.run(["cp", "-r", golden.string, directory.path.appending("registry").string])
  }

  private func opz(_ words: String..., under prefix: [String] = []) throws -> ChildProcess.Output {
    try ChildProcess.run(prefix + [BuiltPrograms.opz().string] + words + ["--registry", registry.string])
  }

  @Test("a dry run changes nothing; the upgrade is said; the way back is open, and then it is not")
  func steps() throws {
    let before = try FileBlob(marker).bytes()
    let dry = try opz("registry", "upgrade", "--dry-run")
    #expect(dry.status == 0 && dry.text.hasPrefix("format 1 -> 2 (dry run); 1 model and 12 events stay"))
    #expect(try FileBlob(marker).bytes() == before)
    let upgrade = try opz("registry", "upgrade")
    #expect(
      upgrade.status == 0 && upgrade.errorText.contains("an opz that reads only format 1 does not open the registry"))
    #expect(try opz("registry", "upgrade").text == "the registry has format 2 already\n")
    #expect(try opz("fsck").status == 0)
    let back = try opz("registry", "upgrade", "--revert", "--json")
    #expect(back.status == 0 && back.text.contains("\"to\": 1"))
    #expect(try FileBlob(marker).bytes() == before)
  }

  /// strace ends the process at each call that changes a file, before the call.
  @Test(
    "killed at any write, it leaves a registry of the one format or the other, and the next upgrade does the rest",
    .enabled(if: RegistryUpgradeTests.hasTracer), arguments: [["2"], ["1", "--revert"]])
  func killed(_ target: [String]) throws {
    let before = target[0] == "2" ? "1" : "2"
    var kills = 0
    for call in ["openat", "write", "fsync", "fchmod", "linkat", "rename", "renameat", "renameat2", "unlink"] {
      for count in 1...200 {
        try Durable.replace(marker, with: Array("{\n  \"format\": \(before)\n}\n".utf8))
        let fault = "inject=\(call):signal=SIGKILL:when=\(count)"
        // Of the many files that a program opens at its start only those of the registry matter.
        let place = call == "openat" ? ["-P", registry.string] : []
        let trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e", fault] + place
        let arguments = ["registry", "upgrade"] + target.dropFirst()
        let output = try ChildProcess.run(
          trace + [BuiltPrograms.opz().string] + arguments + ["--quiet", "--registry", registry.string])
        if output.status == 0 { break }
        kills += 1
        let found = String(decoding: try FileBlob(marker).bytes(), as: UTF8.self)
        #expect(found == "{\n  \"format\": 1\n}\n" || found == "{\n  \"format\": 2\n}\n", "\(call) \(count)")
      }
    }
    #expect(kills > 4)
    let rest = try ChildProcess.run(
      [BuiltPrograms.opz().string, "registry", "upgrade"] + target.dropFirst() + ["--registry", registry.string])
    #expect(rest.status == 0)
    #expect(String(decoding: try FileBlob(marker).bytes(), as: UTF8.self).contains(target[0]))
    #expect(try opz("fsck").status == 0)
  }

  static let hasTracer = (try? ChildProcess.run(["strace", "-qq", "-o", "/dev/null", "true"]))?.status == 0
}
