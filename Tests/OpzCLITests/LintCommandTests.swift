import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@Suite("opz lint and opz resolve")
struct LintCommandTests {
  let opz: Command

  init() throws {
    opz = try Command()
    try opz.directory.write("k8s/ok.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    try opz.directory.write(
      "bad/bad.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {port: 8080}\n")
    try opz.directory.write("bad/package.json", "{ // not JSON, and nobody's manifest\n")
  }

  @Test("the exit code is 0 without errors, else 5; findings go to standard output, the count to standard error")
  func codes() throws {
    let good = try opz("lint", "k8s")
    #expect(good.status == 0)
    #expect(good.text == "")
    #expect(good.errorText == "0 errors, 0 warnings, 0 notes; 1 object in 1 file\n")
    let bad = try opz("lint", "bad", "k8s/ok.yaml")
    #expect(bad.status == 5)
    #expect(bad.text.hasPrefix("bad/bad.yaml:4:14: error OPZ810 ConfigMap default/a\n  4 | data: {port: 8080}\n"))
    #expect(try opz("lint", "bad", "--allow", "opz810").status == 0)
    #expect(try opz("lint", "bad", "--quiet").errorText == "")
  }

  @Test("standard input is read as a manifest")
  func input() throws {
    let result = try opz(
      "lint", "-", input: "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: x}]}\n")
    #expect(result.status == 5)
    #expect(result.text.contains("-:4:38: error OPZ501 Pod default/a"), "\(result.text)")
    #expect(try opz("lint", "-", "--min-severity", "error", input: "a: 1\n").status == 0)
  }

  @Test("JSON and SARIF outputs are valid documents")
  func documents() throws {
    let result = try opz("lint", "bad", "--json")
    #expect(result.status == 5)
    let report = try CanonicalJSON.decode([String: JSONValue].self, from: result.output, subject: "output")
    guard case .array(let findings)? = report["findings"], case .object(let first)? = findings.first else {
      Issue.record("\(result.text)")
      return
    }
    #expect(first["code"] == .string("OPZ810"))
    #expect(first["line"] == .integer(4))
    let sarif = try opz("lint", "bad", "--sarif")
    #expect(
      try CanonicalJSON.decode([String: JSONValue].self, from: sarif.output, subject: "output")["version"]
        == .string("2.1.0"))
  }

  @Test("each code is explained, and an unknown one is wrong usage")
  func explain() throws {
    let page = try opz("lint", "--explain", "opz101")
    #expect(page.text.hasPrefix("# OPZ101: a CPU target that is never reached\n"))
    #expect(page.errorText == "")
    #expect(try opz("lint", "--explain", "all").text.contains("OPZ811  error"))
    #expect(try opz("lint", "--explain", "OPZ999").status == 64)
    #expect(try opz("lint").status == 64)
    #expect(try opz("lint", "k8s", "--need", "100").status == 64)
    #expect(try opz("lint", "nowhere").status == 2)
    #expect(try opz("lint", "p").status == 0)
  }

  @Test("resolve writes to standard output, to a directory or in place; --check ends with 5")
  func resolve() throws {
    let pinned = "image: r.example/a:1@sha256:" + String(repeating: "a", count: 64) + "\n"
    try opz.directory.write("m/a.yaml", pinned)
    let stream = try opz("resolve", "-f", "m/a.yaml")
    #expect(stream.status == 0, "\(stream.errorText)")
    #expect(stream.text == pinned)
    #expect(stream.errorText == "0 pinned, 1 had a digest\n")
    #expect(try opz("resolve", "-f", "m", "--check").status == 0)
    #expect(try opz("resolve", "-f", "m", "--output", "out").status == 0)
    #expect(String(decoding: try FileBlob(opz.directory.path.appending("out/a.yaml")).bytes(), as: UTF8.self) == pinned)
    try opz.directory.write("m/b.yaml", "image: opz://weights@1.0.0\n")
    let check = try opz("resolve", "-f", "m", "--check")
    #expect(check.status == 5)
    #expect(check.text == "m/b.yaml:1:8: opz://weights@1.0.0\n")
    let failed = try opz("resolve", "-f", "m", "--in-place")
    #expect(failed.status == 2)
    #expect(failed.errorText.hasPrefix("error: m/b.yaml:1:8: opz://weights@1.0.0: "))
    #expect(try opz("resolve", "--in-place").status == 64)
    #expect(try opz("resolve", "-f", "m", "--in-place", "--check").status == 64)
  }
}
