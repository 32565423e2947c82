import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@Suite("The documentation")
struct DocumentationTests {
  private let root = PackageRoot.path(#filePath)

  @Test("generated pages are current, links are valid, the reference has every variable and metric")
  func current() throws {
    let script = root.appending("scripts/docs").string
    let result = try Python.run([script, "--check", "--opz", BuiltPrograms.opz().string])
    #expect(result.status == 0, "\(result.text)\(result.errorText)scripts/docs --reference writes the generated pages")
  }

  @Test("the check finds an outdated page")
  func old() throws {
    let directory = try TemporaryDirectory()
    let pretender = directory.path.appending("opz")
    try directory.write(
      "opz",
      """
      #!/bin/sh
      '\(try BuiltPrograms.opz())' "$@" | sed 's/OCI/another/g'
      """)
    try #require(try ChildProcess.run(["chmod", "+x", pretender.string]).status == 0)
    let result = try Python.run([root.appending("scripts/docs").string, "--check", "--opz", pretender.string])
    #expect(result.status == 1)
    #expect(result.text.contains("docs/reference/commands.md: is not what scripts/docs --reference writes"))
  }

  @Test("the README is short")
  func short() throws { #expect(try FileBlob(root.appending("README.md")).bytes().count <= 8192) }

  @Test("the exit codes of the reference are those of the program")
  func exitCodes() throws {
    let page = String(
      decoding: try FileBlob(root.appending("docs/reference/exit-codes.md")).bytes(), as: UTF8.self)
    for (code, meaning) in [
      (0, "done"), (1, "failed"), (2, "not found"), (3, "conflict"), (4, "verification"), (5, "refused"),
      (6, "network"), (64, "usage"), (130, "interrupted"),
    ] {
      let row = page.split(separator: "\n").first { $0.hasPrefix("| \(code) |") }
      #expect(row?.contains(meaning) == true, "\(code)")
    }
  }
}
