import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@Suite("A report, the cache, and who did it")
struct ReportTests {
  let opz: Command

  init() throws { opz = try Command() }

  @Test("--report writes what a failure needs to be reproduced, and no secret")
  func report() throws {
    var opz = opz
    opz.environment["OPZ_KEY_PASSWORD"] = "correct horse battery staple"
    opz.environment["https_proxy"] = "http://ann:proxypass@proxy.example:8080"
    try opz.directory.write(
      "p/opz.yaml",
      "opz: 1\nname: weights\nmodel: {path: gone.bin}\nruntime: {kind: model}\nenv: {TOKEN: ghp_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5}\n"
    )
    let result = try opz(
      "package", "p", "--set", "env.DB_PASSWORD=hunter2hunter", "--report", "report.json")
    #expect(result.status == 2 || result.status == 64 || result.status == 1, "\(result.errorText)")
    #expect(result.errorText.contains("report.json"))
    let text = String(decoding: try FileBlob(opz.directory.path.appending("report.json")).bytes(), as: UTF8.self)
    for part in ["gone.bin", "\"kernel\"", "\"exit\" : \(result.status)", "opz.yaml", "OPZ_REGISTRY", "package"] {
      #expect(text.contains(part) || text.contains(part.replacing(" : ", with: ": ")), "\(part) in \(text)")
    }
    for secret in ["correct horse", "proxypass", "hunter2", "ghp_aB3d", opz.directory.path.string] {
      #expect(!text.contains(secret), "\(secret) in \(text)")
    }
  }

  @Test("a command that succeeds writes no report")
  func success() throws {
    #expect(try opz("package", "p", "--report", "report.json", "--quiet").status == 0)
    #expect(try FileStatus.find(opz.directory.path.appending("report.json")) == nil)
  }

  @Test("the cache is listed and pruned, oldest first, and versions stay")
  func cache() throws {
    #expect(try opz("package", "p", "--quiet").status == 0)
    let digits = String(repeating: "a", count: 1000)
    for name in ["old", "new"] { try opz.directory.write("registry/cache/wheels/\(name).whl", digits) }
    let aged = try ChildProcess.run(
      ["touch", "-d", "2020-01-01", opz.directory.path.appending("registry/cache/wheels/old.whl").string])
    #expect(aged.status == 0)
    #expect(try opz("cache", "list").text.contains("wheels"))
    let dry = try opz.json("cache", "prune", "--limit", "1Ki", "--dry-run")
    #expect(dry["entries"] == .integer(1))
    #expect(try opz("cache", "prune", "--limit", "1Ki").text.contains("1 entry"))
    let left = try opz.directory.tree().filter { $0.hasSuffix(".whl") }
    #expect(left.count == 1 && left[0].hasSuffix("new.whl"), "\(left)")
    #expect(try opz("cache", "prune", "--limit", "0").status == 0)
    #expect(try opz.directory.tree().filter { $0.hasSuffix(".whl") } == [])
    #expect(try opz.json("fsck")["ok"] == .bool(true))
    #expect(try opz("cache", "prune", "--limit", "lots").status == 64)
  }

  @Test("opz package keeps the cache below OPZ_CACHE_LIMIT")
  func limit() throws {
    var opz = opz
    #expect(try opz("package", "p", "--quiet").status == 0)
    try opz.directory.write("registry/cache/wheels/old.whl", String(repeating: "a", count: 5000))
    let aged = try ChildProcess.run(
      ["touch", "-d", "2020-01-01", opz.directory.path.appending("registry/cache/wheels/old.whl").string])
    #expect(aged.status == 0)
    opz.environment["OPZ_CACHE_LIMIT"] = "4Ki"
    let result = try opz("package", "p")
    #expect(result.status == 0 && result.errorText.contains("OPZ_CACHE_LIMIT"), "\(result.errorText)")
    #expect(try opz.directory.tree().filter { $0.hasSuffix(".whl") } == [])
  }

  @Test("events name the user of the user database, whatever USER says; OPZ_ACTOR counts first")
  func actor() throws {
    var opz = opz
    let name = try ChildProcess.run(["id", "-un"]).text.split(separator: "\n").first.map(String.init) ?? ""
    for user in [nil, "somebody-else"] as [String?] {
      opz.environment["USER"] = user
      #expect(try opz("package", "p", "--quiet", "--set", "env={U: \(user ?? "none")}").status == 0)
    }
    opz.environment["OPZ_ACTOR"] = "release-job"
    #expect(try opz("tag", "weights@1.0.0", "a=b").status == 0)
    let log = try opz("history", "weights").text
    #expect(log.contains("release-job") && log.contains(" \(name)") && !log.contains("somebody-else"), "\(log)")
  }

  @Test("files are scanned before they are packaged, and a secret or code is an error")
  func scan() throws {
    try opz.directory.write("m/model.pkl", "cos\nsystem\n(S'true'\ntR.")
    let result = try opz("scan", "./m")
    #expect(result.status == 5 && result.text.contains("model.pkl"), "\(result.text)\(result.errorText)")
    #expect(try opz("scan", "p").status == 0)
    #expect(try opz("scan", "./m", "--attach").status == 64)
    #expect(try opz("scan", "./none").status == 2)
  }

  @Test("opz package ends with what comes next, once")
  func next() throws {
    #expect(try opz("package", "p").errorText.contains("next: opz push weights@1.0.0 HOST/REPO"))
    #expect(try !opz("package", "p").errorText.contains("next:"))
    #expect(try !opz("package", "p", "--quiet", "--set", "env={A: b}").errorText.contains("next:"))
  }
}
