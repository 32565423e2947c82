import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzTrust

/// Not a real test: `scripts/bench-scan` uses it to run opz's scanner on the files that other scanners scan.
@Suite("Files for scripts/bench-scan", .enabled(if: ProcessEnvironment.value("OPZ_SCAN_TREE") != nil))
struct ScanTreeTests {
  @Test("each file under OPZ_SCAN_TREE gets a line in OPZ_SCAN_RESULT with its path, verdict and findings")
  func scan() throws {
    let root = FilePath(try #require(ProcessEnvironment.value("OPZ_SCAN_TREE")))
    let result = FilePath(try #require(ProcessEnvironment.value("OPZ_SCAN_RESULT")))
    let origin: ScanOrigin = ProcessEnvironment.value("OPZ_SCAN_ORIGIN") == "wheel" ? .wheel : .project
    var lines = ""
    var waiting = [root]
    while let directory = waiting.popLast() {
      for name in try Directory.entries(directory) {
        let path = directory.appending(name)
        let status = try FileStatus.of(path, followLinks: false)
        if status.kind == .directory { waiting.append(path) }
        guard status.kind == .file else { continue }
        var scanner = FileScanner(ScanReport())
        scanner.scan(path.string, try FileBlob(path), secrets: false, origin: origin)
        let verdict = scanner.report.isClean ? "clean" : "found"
        let found = scanner.report.findings.map { "\($0.rule.rawValue) \($0.path): \($0.text)" }.joined(separator: "; ")
        lines += "\(path)\t\(verdict)\t\(PrintableText.line(found, limit: 20_000))\n"
      }
    }
    let output = try OpenFile.creating(result)
    try output.write(Array(lines.utf8))
  }
}
