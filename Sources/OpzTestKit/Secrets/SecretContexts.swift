/// The places where people leave secrets.
public struct SecretContext: Sendable {
  public let name: String
  /// The bytes of a file that has the sample in it.
  public let file: @Sendable (SecretSample) -> [UInt8]

  public static let all: [SecretContext] = texts + encodings

  /// A context of one line for one-line secrets; a file is left as it is or becomes a string.
  private static func text(
    _ name: String, file: @escaping @Sendable (String) -> String = { $0 },
    _ line: @escaping @Sendable (SecretSample) -> String
  ) -> SecretContext {
    SecretContext(name: name) { Array(($0.variable.isEmpty ? file($0.value) : line($0)).utf8) }
  }

  private static let texts: [SecretContext] = [
    text("environment") { "# settings\nA=1\n\($0.variable)=\($0.value)\nB=2\n" },
    text("export") { "declare -x HOME=\"/root\"\ndeclare -x \($0.variable)=\"\($0.value)\"\n" },
    text("JSON", file: { "{\"file\": \(TestEncodings.json($0))}" }) {
      "{\n  \"epochs\": 3,\n  \"\($0.variable)\": \(TestEncodings.json($0.value)),\n  \"lr\": 0.1\n}\n"
    },
    text("YAML", file: { "config:\n  file: |\n" + indented($0, "    ") }) {
      "env:\n  \($0.variable): \($0.value)\n  other: 1\n"
    },
    text("YAML list", file: { "file: >-\n" + indented($0, "  ") }) {
      "env:\n- name: \($0.variable)\n  value: \"\($0.value)\"\n- name: B\n  value: c\n"
    },
    text("Python", file: { "KEY = \"\"\"\n\($0)\"\"\"\n" }) {
      "import os\nos.environ[\"\($0.variable)\"] = '\($0.value)'\n"
    },
    text("notebook", file: { notebook("key = '''\($0)'''") }) { notebook("\($0.variable) = \"\($0.value)\"\nrun()") },
    text("Go", file: { "var key = `\($0)`\n" }) {
      "package main\n\nvar \($0.variable) string = \"\($0.value)\"\n"
    },
    text("XML", file: { "<file><![CDATA[\n\($0)]]></file>\n" }) {
      "<settings>\n  <\($0.variable)>\n    \($0.value)\n  </\($0.variable)>\n</settings>\n"
    },
    text("log") {
      "2026-11-28 12:00:00 INFO starting with --\($0.variable.lowercased().replacing("_", with: "-")) \($0.value) --verbose\n"
    },
  ]

  private static let encodings: [SecretContext] = [
    SecretContext(name: "UTF-16, little-endian") { TestEncodings.wide(plain($0), mark: true) },
    SecretContext(name: "UTF-16, big-endian, no mark") { TestEncodings.wide(plain($0), bigEndian: true) },
    SecretContext(name: "after a NUL") { [0x80, 4, 0x95, 0, 1, 2, 0] + Array(plain($0).utf8) + [0, 0xFF, 0x2E] },
    SecretContext(name: "process environment") {
      Array("HOME=/root\0".utf8) + Array(plain($0).dropLast().utf8) + [0] + Array("A=b\0".utf8)
    },
    SecretContext(name: "base64") { Array("payload: \(TestEncodings.base64(Array(plain($0).utf8)))\n".utf8) },
    SecretContext(name: "base64 in lines") {
      Array(
        "payload: |\n\(indented(TestEncodings.lines(TestEncodings.base64(Array(("# a file\n" + plain($0)).utf8)), of: 76), "  "))\n"
          .utf8)
    },
  ]

  /// A line or a file.
  public static func plain(_ sample: SecretSample) -> String {
    sample.variable.isEmpty ? sample.value : "\(sample.variable)=\(sample.value)\n"
  }

  private static func indented(_ text: String, _ indentation: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { indentation + $0 }.joined(separator: "\n")
      + "\n"
  }

  private static func notebook(_ code: String) -> String {
    let lines = code.split(separator: "\n", omittingEmptySubsequences: false).map { TestEncodings.json($0 + "\n") }
    return
      "{\"cells\": [{\"cell_type\": \"code\", \"source\": [\n  \(lines.joined(separator: ",\n  "))\n ]}], \"nbformat\": 4}\n"
  }
}
