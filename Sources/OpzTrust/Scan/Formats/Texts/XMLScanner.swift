import OpzIO

/// XML: PMML, OpenVINO models and others. A document type may read files, and PMML may name Java functions.
struct XMLScanner: FormatScanner {
  let name = "XML documents"

  private static let limit: UInt64 = 256 << 20

  func recognizes(_ file: ScannedFile) -> Bool {
    if ["pmml", "xml"].contains(file.suffix) { return true }
    let text = file.head.drop { [0xEF, 0xBB, 0xBF].contains($0) || $0 <= 0x20 }
    return text.starts(with: "<?xml".utf8) || text.starts(with: "<PMML".utf8)
      || text.starts(with: "<!DOCTYPE".utf8)
        && !text.prefix(100).map({ $0 | 0x20 }).contains(text: "html")
  }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    guard file.blob.size <= XMLScanner.limit else {
      return scanner.add(
        .unread, .error, file: file, text: "XML of more than \(XMLScanner.limit >> 20) MiB was not scanned")
    }
    let raw = try file.blob.bytes()
    guard let bytes = JSONText.utf8(raw, JSONText.encoding(file.head)) else {
      return scanner.add(.unread, .error, file: file, text: "XML that is not text in UTF-8 or UTF-16")
    }
    if bytes.contains(text: "<!ENTITY") {
      scanner.add(
        .outsidePath, .error, file: file,
        text: "it declares entities, with which XML can read files and grow without limit")
    }
    let type = bytes.firstRange(of: Array("<!DOCTYPE".utf8)).map {
      bytes[$0.lowerBound...].prefix { $0 != UInt8(ascii: ">") }
    }
    if type.map({ Array($0.prefix(1000)).contains(text: "SYSTEM") }) == true
      || bytes.contains(text: "www.w3.org/2001/XInclude")
    {
      let isModel = file.suffix == "pmml" || bytes.contains(text: "<PMML") || bytes.contains(text: "<net")
      scanner.add(.outsidePath, isModel ? .error : .warning, file: file, text: "it includes another document")
    }
    layers(bytes, file, scanner: &scanner)
    var found: Set<String> = []
    for piece in bytes.split(separator: UInt8(ascii: "<")) where piece.starts(with: "Apply".utf8) {
      guard let name = XMLScanner.attribute("function", piece), name.contains("."), !name.hasPrefix("x-") else {
        continue
      }
      if found.count < 100, found.insert(name).inserted {
        scanner.add(
          .namedCode, .error, file: file,
          text: "it applies \(DocumentFindings.shown(name)), which is a program's function and not one of PMML's")
      }
    }
  }

  /// Finds OpenVINO layers outside its operator sets, which need a custom library.
  private func layers(_ bytes: [UInt8], _ file: ScannedFile, scanner: inout FileScanner) {
    guard bytes.contains(text: "<layers") else { return }
    for piece in bytes.split(separator: UInt8(ascii: "<")) where piece.starts(with: "layer ".utf8) {
      let version = XMLScanner.attribute("version", piece) ?? "opset1"
      guard !version.hasPrefix("opset"), version != "experimental" else { continue }
      let type = XMLScanner.attribute("type", piece) ?? ""
      return scanner.add(
        .operatorCode, .error, file: file,
        text:
          "it has the layer \(DocumentFindings.shown(type)) of \(DocumentFindings.shown(version)), which needs a custom library"
      )
    }
  }

  private static func attribute(_ name: String, _ tag: ArraySlice<UInt8>) -> String? {
    let text = String(decoding: tag.prefix(1000), as: UTF8.self)
    guard let range = text.firstRange(of: " \(name)=") else { return nil }
    let rest = text[range.upperBound...]
    guard let quote = rest.first, quote == "\"" || quote == "'" else { return nil }
    return String(rest.dropFirst().prefix { $0 != quote })
  }
}
