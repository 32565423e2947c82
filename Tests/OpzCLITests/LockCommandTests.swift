import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzCLI

@Suite("opz lock")
struct LockCommandTests {
  @Test(
    "an argument after --update is a package, unless it is the project",
    arguments: [
      (["lock", ".", "--update"], ["lock", ".", "--update"]), (["lock", "--update", "."], ["lock", "--update", "."]),
      (
        ["lock", ".", "--update", "numpy", "--update", "a.b"],
        ["lock", ".", "--update-package", "numpy", "--update-package", "a.b"]
      ),
      (["lock", "--update=numpy"], ["lock", "--update-package=numpy"]),
      (["lock", "--update", "--json"], ["lock", "--update", "--json"]),
      (["lock", "--update", "a/b"], ["lock", "--update", "a/b"]),
      (["lock", "--", "--update", "a"], ["lock", "--", "--update", "a"]),
      (["push", "--update", "a"], ["push", "--update", "a"]),
      ([], []),
    ])
  func words(given: [String], expandingUpdateOptions: [String]) {
    #expect(LockCommand.expandingUpdateOptions(given) == expandingUpdateOptions)
  }

  @Test("--check and --update exclude each other; a missing lock is exit code 2; a native runtime has nothing to lock")
  func usage() throws {
    let opz = try Command()
    try opz.directory.write("p/m", "m")
    try opz.directory.write(
      "p/opz.yaml", "opz: 1\nname: x\nmodel: {path: m}\nruntime: {kind: custom, base: \"oci:b:1\", command: [x]}\n")
    #expect(try opz("lock", "p", "--check", "--update").status == 64)
    #expect(try opz("lock", "p", "--update", "--update", "numpy").status == 64)
    let none = try opz("lock", "p", "--check")
    #expect(none.status == 2 && none.errorText.contains("hint: opz lock "))
    #expect(try opz("lock", "p", "--check", "--set", "runtime={kind: native}").status == 0)
    #expect(try opz("lock", "p", "--update", "numpy", "--set", "runtime={kind: native}").status == 64)
    try opz.directory.write(
      "p/opz.lock", "{\"opz\": 1, \"bases\": {\"oci:a:1\": \"sha256:\(String(repeating: "a", count: 64))\"}}")
    let other = try opz("lock", "p", "--check")
    #expect(other.status == 3 && other.errorText.contains("oci:b:1 is not locked"), "\(other.errorText)")
  }
}
