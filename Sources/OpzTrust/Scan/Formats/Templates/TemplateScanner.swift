import OpzIO

/// Templates in files of their own: `chat_template.jinja` of transformers.
struct TemplateScanner: FormatScanner {
  let name = "Jinja templates"

  func recognizes(_ file: ScannedFile) -> Bool {
    ["jinja", "jinja2", "j2"].contains(file.suffix) || file.name.contains("chat_template")
  }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    guard JSONText.first(file.head, JSONText.encoding(file.head)) != UInt8(ascii: "{") || file.suffix != "json" else {
      return
    }
    var findings = DocumentFindings(scanner.allowlist)
    guard file.blob.size <= 4 << 20 else {
      return scanner.add(.unread, .error, file: file, text: "a template of more than 4 MiB was not scanned")
    }
    JinjaTemplate.check(String(decoding: try file.blob.bytes(), as: UTF8.self), of: String(file.name), &findings)
    scanner.add(findings, file)
  }
}
