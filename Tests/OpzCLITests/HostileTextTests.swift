import OpzIO
import OpzJSON
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@Suite("Hostile text on a terminal")
struct HostileTextTests {
  /// Clears the screen, reverses the text direction, hides text, adds tag characters, breaks a line.
  static let evil = "x\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\u{200b}\u{e0041}\u{2028}\u{7f}\ry"

  let opz: Command

  init() throws {
    var opz = try Command()
    let evil = HostileTextTests.evil
    opz.environment["OPZ_ACTOR"] = "ann\(evil)"
    self.opz = opz
    try opz.directory.write("p/\(evil)/\(evil).txt", evil)
    try opz.directory.write("p/\(evil).pkl", "cos\nsystem\n(S'\(evil)'\ntR.")
    #expect(try opz("package", "p", "--quiet").status == 0)
    _ = try opz("tag", "weights@1.0.0", "note=\(evil)")
    try opz.directory.write(
      "evil.yaml",
      "apiVersion: v1\nkind: Pod\nmetadata: {name: \"\(evil.replacing("\r", with: ""))\"}\nspec:\n\t- \(evil)\n")
    try opz.directory.write(
      "pod\(evil).yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n")
    try opz.directory.write("bad/opz.yaml", "opz: 1\nname: \"\(evil.replacing("\r", with: ""))\"\n\"\u{202e}k\": 1\n")
  }

  static let commands: [[String]] = [
    ["list"], ["list", "--json"], ["show", "weights@1.0.0"], ["show", "weights@1.0.0", "--json"],
    ["show", "weights@1.0.0", "--files"], ["show", "weights@1.0.0", "--files", "--json"], ["history", "weights"],
    ["history", "weights", "--json"], ["alias", "weights"], ["plan", "p", "--ignored"], ["plan", "p", "--json"],
    ["package", "p"],
    ["fsck"], ["scan", "weights@1.0.0"], ["scan", "weights@1.0.0", "--json"], ["scan", "weights@1.0.0", "--sarif"],
    ["lint", "evil.yaml"], ["lint", "."], ["lint", ".", "--json"], ["lint", "--sarif", "."], ["resolve", "-f", evil],
    ["resolve", "-f", ".", "--check"], ["package", "bad"], ["plan", "bad"], ["package", evil],
    ["package", "p/\(evil)"],
    ["inspect", evil], ["inspect", "p/\(evil)/\(evil).txt"], ["score", evil, "--input", evil], [evil], ["list", evil],
    ["show", evil], ["show", "weights@\(evil)"], ["list", "--where", evil],
    ["list", "--where", "tags.note = '\(evil)' and"],
    ["list", "--sort", evil], ["package", "p", "--set", "\(evil)=1"], ["package", "p", "--output", evil],
    ["package", "p", "--digest-file", "\(evil)/x"], ["push", "weights@1.0.0", "127.0.0.1:1/\(evil)"],
    ["copy", evil, evil], ["copy", "oci:\(evil)", "oci:x"], ["copy", "docker-archive:\(evil)", "oci:x"],
    ["pull", evil],
    ["tag", "weights@1.0.0", "\(evil)=x"], ["delete", "weights@\(evil)"], ["sign", "weights@1.0.0", "--key", evil],
    ["verify", "weights@1.0.0", "--key", evil], ["promote", "weights@1.0.0", "--to", "a", "--policy", evil],
    ["deploy", "weights@1.0.0", "--image", evil], ["doctor", evil], ["runtime", "import", evil], ["import", evil],
    ["dockerfile", "weights@1.0.0", "--output", evil], ["init", evil], ["lock", evil], ["--registry", evil],
    ["list", "--registry", evil], ["help", evil], ["login", evil],
  ]

  /// What a terminal must not get: everything except printable text, tabs and line feeds.
  static func isClean(_ bytes: [UInt8]) -> Bool {
    guard let text = String(validating: bytes, as: UTF8.self) else { return false }
    return PrintableText.text(text) == text
  }

  @Test("untrusted text cannot move the cursor, reverse the text direction or hide anything", arguments: commands)
  func nothing(arguments: [String]) throws {
    let result = try opz.run(arguments)
    #expect(HostileTextTests.isClean(result.output), "\(result.text.debugDescription)")
    #expect(HostileTextTests.isClean(result.errors), "\(result.errorText.debugDescription)")
    #expect(result.status < 128)
    if arguments.contains("--json"), result.status == 0 {
      #expect(throws: Never.self) { try CanonicalJSON.decode(JSONValue.self, from: result.output, subject: "output") }
    }
  }

  @Test("neither can the responses of a registry", arguments: ["push", "pull", "show", "copy", "doctor"])
  func answers(command: String) throws {
    let evil = HostileTextTests.evil
    let escaped = evil.utf16.map { "\\u" + String(0x10000 + Int($0), radix: 16).dropFirst() }.joined()
    let server = try ScriptedServer { request in
      ScriptedServer.Answer(
        [400, 403, 404, 429][request.number % 4],
        [
          ("Content-Type", "application/json"),
          ("Warning", "299 - \"\(evil.unicodeScalars.filter { $0 != "\r" }.map(String.init).joined())\""),
          ("Docker-Content-Digest", "sha256:\u{202e}"),
        ],
        text: "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"\(escaped)\",\"detail\":\"\(escaped)\"}]}")
    }
    let image = "\(server.host)/a/b:1"
    let result =
      switch command {
      case "push": try opz("push", "weights@1.0.0", image)
      case "copy": try opz("copy", image, "oci:x")
      case "doctor": try opz("doctor", server.host)
      default: try opz(command, image)
      }
    #expect(HostileTextTests.isClean(result.output) && HostileTextTests.isClean(result.errors))
    #expect(result.status != 0 && result.status < 128)
  }

  @Test("a line break in a name adds no row to a table and no line to an error")
  func lines() throws {
    let name = "a\nerror: all is lost"
    _ = try opz("tag", "weights@1.0.0", "note=\(name)")
    for arguments in [["show", "weights@1.0.0"], ["inspect", name], ["package", name], ["history", "weights"]] {
      let result = try opz.run(arguments)
      let lines = (result.text + result.errorText).split(separator: "\n")
      #expect(!lines.contains { $0.hasPrefix("error: all is lost") }, "\(arguments)")
    }
  }
}
