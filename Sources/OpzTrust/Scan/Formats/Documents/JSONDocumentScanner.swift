import OpzIO
import OpzJSON

/// JSON documents under any name: model configurations, and others that name code.
struct JSONDocumentScanner: FormatScanner {
  let name = "JSON documents"

  /// The largest document that is read whole, in bytes. One that names no code may have any size.
  private static let limit: UInt64 = 32 << 20
  /// Up to this size, in bytes, whatever might name code is reason enough to read the document.
  private static let small: UInt64 = 4 << 20

  func recognizes(_ file: ScannedFile) -> Bool {
    let encoding = JSONText.encoding(file.head)
    switch JSONText.first(file.head, encoding) {
    case UInt8(ascii: "{"): return true
    case UInt8(ascii: "["), UInt8(ascii: "\""): return isText(file, encoding)
    case nil: return file.blob.size > UInt64(file.head.count) || isConfiguration(file)
    default: return isConfiguration(file)
    }
  }

  private func isText(_ file: ScannedFile, _ encoding: JSONText.Encoding) -> Bool {
    if case .wide = encoding { return true }
    return !file.head.contains(0)
  }

  /// Whether Keras, skops or transformers load the file as JSON because of its name, so that it has to be JSON.
  private func isConfiguration(_ file: ScannedFile) -> Bool {
    // HDF5Scanner's name for the attribute that Keras reads.
    if ["@model_config", "@training_config"].contains(file.name) { return true }
    guard file.suffix == "json" else { return false }
    if ["config.json", "tokenizer_config.json", "schema.json"].contains(file.name) { return true }
    return file.path.split(separator: "!").dropLast().last?.lowercased().hasSuffix(".keras") == true
  }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    let isExpected = isConfiguration(file)
    let encoding = JSONText.encoding(file.head)
    var isWide = false
    if case .wide = encoding { isWide = true }
    if !isWide, !isExpected {
      guard try CodeNames.contained(in: file.blob) else { return }
      let isLarge = file.blob.size > JSONDocumentScanner.small
      if isLarge, try !CodeNames.contained(in: file.blob, isLarge: true) { return }
    }
    guard file.blob.size <= JSONDocumentScanner.limit else {
      guard !isWide || file.suffix == "json" else { return }
      return scanner.add(
        .unread, .error, file: file,
        text:
          "it names code and has \(ByteCount.text(file.blob.size)): at most \(JSONDocumentScanner.limit >> 20) MiB are scanned"
      )
    }
    var findings = DocumentFindings(scanner.allowlist)
    read(try file.blob.bytes(), encoding, isExpected: isExpected, findings: &findings)
    scanner.add(findings, file)
  }

  private func read(
    _ bytes: [UInt8], _ encoding: JSONText.Encoding, isExpected: Bool, findings: inout DocumentFindings
  ) {
    guard let text = JSONText.utf8(bytes, encoding) else {
      if isExpected { findings.add(.unread, .error, text: "it is not JSON in UTF-8, UTF-16 or UTF-32") }
      return
    }
    if !isExpected, encoding != .utf8(mark: 0), !CodeNames.contained(in: text) { return }
    do {
      let document = try JSONValue(json: text, options: JSONOptions(nonFinite: .all))
      DocumentChecks.check(document, &findings)
    } catch {
      let failure = error as? JSONFailure
      if let lines = JSONDocumentScanner.lines(text) {
        return lines.forEach { DocumentChecks.check($0, &findings) }
      }
      // Nothing loads as JSON what is not JSON by any reader's rules. A program may begin with a string.
      let mayLoad = failure?.kind != .syntax && text.first { $0 > 0x20 } != UInt8(ascii: "\"")
      guard isExpected || mayLoad else { return }
      findings.add(
        .unread, .error,
        text: "it may be a model's configuration, and cannot be read: \(failure.map(String.init) ?? "\(error)")"
      )
    }
  }

  /// One document per line; nil if a line is not a document.
  private static func lines(_ text: [UInt8]) -> [JSONValue]? {
    let lines = text.split(separator: UInt8(ascii: "\n")).filter { $0.contains { $0 > 0x20 } }
    guard lines.count > 1 else { return nil }
    var documents: [JSONValue] = []
    for line in lines {
      guard let document = try? JSONValue(json: Array(line), options: JSONOptions(nonFinite: .all)) else { return nil }
      documents.append(document)
    }
    return documents
  }
}
