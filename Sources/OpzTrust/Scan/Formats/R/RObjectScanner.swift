import OpzIO

/// Files written by R's saveRDS and save: `.rds`, `.RData`, `.rda`.
struct RObjectScanner: FormatScanner {
  let name = "R objects"

  func recognizes(_ file: ScannedFile) -> Bool {
    RObjectScanner.start(file.head) != nil || RObjectScanner.isOld(file.head)
  }

  /// The offset of the encoding's letter: 0, or after a header such as `RDX3`.
  private static func start(_ head: [UInt8]) -> UInt64? {
    if head.count > 7, head[0] == UInt8(ascii: "R"), head[1] == UInt8(ascii: "D"), [50, 51].contains(head[3]),
      head[4] == 10,
      [UInt8(ascii: "X"), UInt8(ascii: "A"), UInt8(ascii: "B")].contains(head[2])
    {
      return 5
    }
    guard head.count > 14, head[1] == 10 else { return nil }
    switch head[0] {
    case UInt8(ascii: "X"): return head[2..<5] == [0, 0, 0] && [2, 3].contains(head[5]) ? 0 : nil
    case UInt8(ascii: "B"): return head[3..<6] == [0, 0, 0] && [2, 3].contains(head[2]) ? 0 : nil
    case UInt8(ascii: "A"): return [50, 51].contains(head[2]) && head[3] == 10 ? 0 : nil
    default: return nil
    }
  }

  /// Whether the format is version 1, used before R 1.4.
  private static func isOld(_ head: [UInt8]) -> Bool {
    head.count > 5 && head[0] == UInt8(ascii: "R") && head[1] == UInt8(ascii: "D") && head[3] == 49 && head[4] == 10
  }

  func scan(_ file: ScannedFile, into scanner: inout FileScanner) throws {
    guard let start = RObjectScanner.start(file.head) else {
      return scanner.add(.unread, .error, file: file, text: "a workspace in R's first format, which is not supported")
    }
    do {
      let tree = try RReader.read(try RStream(file.blob, at: start))
      scanner.add(RCheck.check(tree, DocumentFindings(scanner.allowlist)), file)
    } catch let problem as RProblem {
      scanner.add(
        .unread, .error, file: file, at: problem.offset, text: "R objects that cannot be read: \(problem.reason)")
    }
  }
}
