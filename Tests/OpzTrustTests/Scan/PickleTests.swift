import OpzArchive
import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzTrust

@Suite("Pickles, judged by what loading them does")
struct PickleTests {
  struct Vector: Sendable {
    let isBad: Bool
    let name: String
    let bytes: [UInt8]
  }

  static func vectors(_ arguments: [String] = []) throws -> [Vector] {
    let script = PackageRoot.path(#filePath).appending("Tests/OpzTrustTests/Fixtures/Oracles/pickles.py")
    let result = try Python.run([script.string] + arguments)
    try #require(result.status == 0, "\(result.errorText)")
    return try result.text.split(separator: "\n").map { line in
      let parts = line.split(separator: " ")
      return Vector(
        isBad: parts[0] == "bad", name: String(parts[1]), bytes: try #require(Hex.decode(Array(parts[2].utf8))))
    }
  }

  static func scan(_ name: String, _ bytes: some Sequence<UInt8>, allowed: [String] = []) -> ScanReport {
    var scanner = FileScanner(ScanReport(allowed: allowed))
    scanner.scan(name, BytesBlob(Array(bytes)), secrets: false)
    return scanner.report
  }

  @Test("every hostile pickle is found, with and without a pickle's file name; saved models are not reported")
  func verdicts() throws {
    let all = try PickleTests.vectors(["--libraries"])
    #expect(all.count { $0.isBad } >= 100 && all.count { !$0.isBad } >= 300)
    for vector in all {
      let report = PickleTests.scan("models/model.pkl", vector.bytes)
      #expect(report.isClean == !vector.isBad, "\(vector.name): \(report.findings.map(\.text))")
      // Broken streams of protocol 0 have no header, so they count only if they would be loaded as a pickle.
      let mayPass = vector.name.hasPrefix("broken")
      let other = PickleTests.scan("models/weights.bin", vector.bytes)
      if vector.isBad, !mayPass { #expect(!other.isClean, "\(vector.name) as weights.bin") }
      if !vector.isBad { #expect(other.isClean, "\(vector.name): \(other.findings.map(\.text))") }
    }
  }

  @Test("a pickle in the middle of a file is found, whatever was found before it under the same path")
  func embedded() {
    let first = Array("cos\nsystem\n(S'id'\ntR.".utf8)
    let second = [0x80, 2] + Array("cshutil\nrmtree\n(S'x'\ntR.".utf8)
    let report = PickleTests.scan("a.bin", first + [UInt8](repeating: 0xFF, count: 100) + second)
    #expect(report.findings.map(\.offset) == [0, UInt64(first.count + 102)], "\(report.findings)")
    // One at the beginning and one behind it are each said once.
    let following = PickleTests.scan("a.bin", second + second)
    #expect(following.findings.map(\.offset) == [2, UInt64(second.count + 2)], "\(following.findings)")
    var scanner = FileScanner(ScanReport())
    scanner.scan("a.bin", BytesBlob(first), secrets: false, origin: .wheel)
    #expect(scanner.report.isClean)
    scanner.scan("a.bin", BytesBlob(Array("table".utf8) + second), secrets: false)
    #expect(!scanner.report.isClean)
  }

  @Test("what the user allows passes, and nothing else")
  func allowed() throws {
    let pickle =
      Array("\u{80}".unicodeScalars.map { UInt8($0.value) }) + Array("\u{2}cmine.features\nEncoder\n)R.".utf8)
    #expect(!PickleTests.scan("a.pkl", pickle).isClean)
    #expect(PickleTests.scan("a.pkl", pickle, allowed: ["mine.features.Encoder"]).isClean)
    #expect(PickleTests.scan("a.pkl", pickle, allowed: ["mine.*"]).isClean)
    #expect(!PickleTests.scan("a.pkl", pickle, allowed: ["mine.feature.*", "mine.features.Encode", "min.*"]).isClean)
  }

  @Test(
    "names that can run anything cannot be allowed",
    arguments: [
      "os.*", "builtins.eval", "*", "subprocess.Popen", "", "a b.c", "a..b", "mine", ".*", "operator.attrgetter",
    ])
  func refused(_ pattern: String) {
    #expect(throws: TrustError.self) { try ImageScanner(allowed: [pattern]) }
  }

  @Test("compressed files are unpacked, whatever their names; one that cannot be unpacked is an error")
  func compressed() {
    let gzip: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    for name in ["a.pkl.gz", "a.joblib", "a.csv.gz", "pkl"] {
      #expect(PickleTests.scan("models/\(name)", gzip).findings == [], "\(name)")
      #expect(PickleTests.scan("models/\(name)", gzip.dropLast(4)).findings.map(\.rule) == [.unread], "\(name)")
    }
  }

  @Test("texts and programs are not pickles")
  func texts() throws {
    let root = PackageRoot.path(#filePath)
    var checked = 0
    for place in [
      "Sources/OpzTrust/Scan", "Sources/OpzTrust/Scan/Pickle", "Tests/OpzTrustTests/Fixtures/Oracles", "examples/churn",
      "scripts",
    ] {
      for name in try Directory.entries(root.appending(place)) {
        let path = root.appending(place).appending(name)
        guard try FileStatus.of(path).kind == .file else { continue }
        let report = PickleTests.scan(name.string, try FileBlob(path).bytes())
        #expect(report.findings == [], "\(path)")
        checked += 1
      }
    }
    #expect(checked > 20)
    for text in [
      "cat\ndog\nbird\n", "class Model:\n  pass\n", "(in short)\nit is\n", "import os\nos.system('id')\n", "[]\n", "{}",
      "0,1\n", "I am\na text\n.", "", ".", "copyright\n2026\n\nR.",
    ] {
      #expect(PickleTests.scan("a.txt", Array(text.utf8)).findings == [], "\(text)")
    }
  }

  @Test("any bytes give a verdict and not a trap", arguments: [1, 2, 3, 4] as [UInt64])
  func fuzz(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let seeds = try PickleTests.vectors()
    for _ in 0..<1_000 {
      var bytes = seeds[Int.random(in: 0..<seeds.count, using: &random)].bytes.prefix(2048).map { $0 }
      for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
        case 2: bytes.remove(at: index)
        default: bytes.removeLast(min(bytes.count, Int.random(in: 0..<8, using: &random)))
        }
      }
      _ = PickleTests.scan("a.pkl", bytes)
      _ = PickleTests.scan("a.bin", bytes)
    }
  }

  @Test("no stream costs more than in proportion to its bytes")
  func deep() {
    // Nested tuples and nested dictionaries, a hundred thousand levels deep; endless marks.
    let tuples: [UInt8] = [0x80, 4, 0x29] + [UInt8](repeating: 0x85, count: 1_000_000) + [0x2E]
    #expect(PickleTests.scan("a.pkl", tuples).isClean)
    #expect(!PickleTests.scan("a.pkl", [0x80, 4] + [UInt8](repeating: 0x28, count: 100_000) + [0x2E]).isClean)
    var nested: [UInt8] = [0x80, 4]
    for _ in 0..<100_000 { nested += [0x7D, 0x8C, 1, 0x61] }
    nested.append(0x4E)
    nested += [UInt8](repeating: 0x73, count: 100_000) + [0x2E]
    #expect(PickleTests.scan("a.pkl", nested).isClean)
  }
}

@Suite("Secrets")
struct SecretTests {
  static let body =
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyjiWA4R4\n/M2bS1GB4t7NXp98C3SC6dVMvDu"

  @Test(
    "keys and tokens are found",
    arguments: [
      "-----BEGIN PRIVATE KEY-----\n\(body)\n-----END PRIVATE KEY-----\n",
      "-----BEGIN RSA PRIVATE KEY-----\n\(body)\n", "-----BEGIN OPENSSH PRIVATE KEY-----\n\(body)\n",
      "{\"private_key\": \"-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\\n\"}",
      "aws_access_key_id = AKIA" + "Q3EGRWZTV7UXKLMP\n", "key: AIza" + "SyD4kQx9mZ2bT7uV1wY3cE5fG6hJ8kL0nPq\n",
      "GITHUB_TOKEN=ghp" + "_a8Kd93nfLq0Zx7Vb2Wm5Rt1Yc6Ue4Hs9Jg0P\n", "hf" + "_aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH",
    ])
  func found(_ text: String) {
    var scanner = FileScanner(ScanReport())
    scanner.scan("app/settings.py", BytesBlob(Array(text.utf8)), secrets: true)
    #expect(scanner.report.findings.map(\.rule) == [.secret])
  }

  @Test(
    "texts about them are not reported",
    arguments: [
      "-----BEGIN PRIVATE KEY-----\n",
      "if line == '-----BEGIN RSA PRIVATE KEY-----': raise ValueError('not here, and nowhere else')",
      "AKIA" + "IOSFODNN7EXAMPLE", "AKIA" + "AAAAAAAAAAAAAAAA", "xAKIA" + "Q3EGRWZTV7UXKLMP",
      "AKIA" + "Q3EGRWZTV7UXKLMPQQ", "ghp_short",
      "ghp" + "_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "-----BEGIN PUBLIC KEY-----\n\(body)\n",
      "-----BEGIN CERTIFICATE-----\n\(body)\n",
      "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
      "hf_model_name_that_is_long_but_a_name_x",
    ])
  func passed(_ text: String) {
    var scanner = FileScanner(ScanReport())
    scanner.scan("app/settings.py", BytesBlob(Array(text.utf8)), secrets: true)
    #expect(scanner.report.findings == [])
  }
}
