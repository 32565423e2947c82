import OpzArchive
import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzTrust

@Suite("An image with real wheels")
struct WheelScanTests {
  /// A layer with joblib's and NumPy's test files and scikit-learn's data: pickles and arrays of many versions.
  static func layer() throws -> [UInt8] {
    let packages = Python.interpreter().removingLastComponent().removingLastComponent().appending("lib")
    let version = try #require(try Directory.entries(packages).first { $0.string.hasPrefix("python3") })
    let root = packages.appending(version).appending("site-packages")
    let script = """
      import os, sys, tarfile
      root, places = sys.argv[1], ["joblib", "numpy/lib", "sklearn/datasets/data", "threadpoolctl.py"]
      with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.USTAR_FORMAT) as archive:
          for place in places:
              archive.add(os.path.join(root, place), "opt/opz/site-packages/" + place, filter=lambda e: None if "__pycache__" in e.name else e)
      """
    let result = try Python.run(["-c", script, root.string])
    try #require(result.status == 0, "\(result.errorText)")
    return result.output
  }

  @Test("the files of scikit-learn, NumPy and joblib are clean in layers of wheels, and only there")
  func clean() throws {
    let bytes = try WheelScanTests.layer()
    let digest = Digest.of(bytes)
    for (origin, isClean) in [(ScanOrigin.wheel, true), (.project, false)] {
      var scanner = try ImageScanner()
      try scanner.scan(StoredLayer(BytesBlob(bytes), .none), digest: digest, secrets: false) { _ in origin }
      #expect(scanner.report.isClean == isClean && scanner.report.files > 100 && scanner.report.pickles > 20)
      #expect(scanner.report.findings.contains { $0.path.contains("joblib/test/data") })
      if origin == .wheel { #expect(scanner.report.findings.allSatisfy { $0.level == .note }) }
    }
  }

  @Test("the files of one layer may have different origins")
  func mixed() throws {
    let evil = ScanLimitsTests.evil
    let bytes =
      ScanLimitsTests.tar("opt/opz/site-packages/a.pkl", evil).dropLast(1024) + ScanLimitsTests.tar("app/b.pkl", evil)
    var scanner = try ImageScanner()
    try scanner.scan(
      StoredLayer(BytesBlob(Array(bytes)), .none), digest: Digest.of(Array(bytes)), secrets: false
    ) { $0.hasPrefix("opt/opz/") ? .wheel : .project }
    #expect(scanner.report.findings.map(\.level) == [.note, .error])
    #expect(scanner.report.findings.map(\.path) == ["opt/opz/site-packages/a.pkl", "app/b.pkl"])
  }
}
