import OpzIO
import OpzJSON

/// safetensors: eight bytes with the length of a header, the header in JSON, and numbers. It cannot contain code, but a
/// malformed file may be something else.
struct SafetensorsScanner: FormatScanner {
  let name = "safetensors"

  private static let limit: UInt64 = 100 << 20

  func recognizes(_ file: ScannedFile) -> Bool {
    guard file.head.count > 9 else { return file.suffix == "safetensors" }
    let isHeader = file.head[8] == UInt8(ascii: "{") && SafetensorsScanner.length(file.head) <= file.blob.size
    return file.suffix == "safetensors" || isHeader
  }

  private static func length(_ head: [UInt8]) -> UInt64 {
    head.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    guard file.head.count > 8 else { return scanner.add(.unread, .error, file: file, text: "its header is cut short") }
    let length = SafetensorsScanner.length(file.head)
    guard length <= SafetensorsScanner.limit, length <= file.blob.size - 8 else {
      return scanner.add(.unread, .error, file: file, text: "it states an impossible header size of \(length) bytes")
    }
    guard length <= 16 << 20 else {
      return scanner.add(
        .unread, .error, file: file, text: "its header has \(ByteCount.text(length)): at most 16 MiB are scanned")
    }
    guard let part = BlobSlice(file.blob, from: 8, size: length) else { return }
    let header: JSONValue
    do {
      header = try JSONValue(json: try part.bytes(), options: JSONOptions())
    } catch {
      return scanner.add(.unread, .error, file: file, text: "its header cannot be read: \(error)")
    }
    check(header, dataSize: file.blob.size - 8 - length, file, scanner: &scanner)
  }

  private func check(_ header: JSONValue, dataSize: UInt64, _ file: ScannedFile, scanner: inout FileScanner) {
    var findings = DocumentFindings(scanner.allowlist)
    defer { scanner.add(findings, file) }
    var end: Int64 = 0
    for (name, tensor) in header.object ?? [:] where name != "__metadata__" {
      guard let offsets = tensor["data_offsets"]?.array?.compactMap(\.integer), offsets.count == 2, offsets[0] >= 0,
        offsets[0] <= offsets[1]
      else {
        return findings.add(.unread, .error, text: "the tensor \(DocumentFindings.shown(name)) has no valid offsets")
      }
      end = max(end, offsets[1])
    }
    if UInt64(end) != dataSize {
      findings.add(.unread, .error, text: "its tensors end at \(end) of \(dataSize) bytes: the rest is something else")
    }
    if let metadata = header["__metadata__"] { DocumentChecks.check(metadata, &findings) }
  }
}
