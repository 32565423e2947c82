import OpzArchive
import OpzIO
import OpzOCI

/// Scans one file as every format that its content may be, whatever its name.
struct FileScanner: Sendable {
  let allowlist: PickleAllowlist
  private(set) var report: ScanReport

  /// The deepest nesting of files within files.
  static let depthLimit = 8
  /// How many more bytes may be unpacked from the current file and the files within it.
  private var unpackingBudget: UInt64 = 0
  /// How many findings there were before the file that is looked into.
  private var earlierFindings = 0

  init(_ report: ScanReport) {
    self.report = report
    allowlist = PickleAllowlist(report.allowed)
  }

  /// Begins a layer: the files scanned next are in it.
  mutating func begin(layer: Digest) { report.layers.append(layer) }

  /// Counts a pickle that was followed.
  mutating func countPickle() { report.pickles += 1 }

  /// - Parameters:
  ///   - path: the path in the image.
  ///   - secrets: whether to look for keys and tokens. Files from a public index have none to protect.
  mutating func scan(_ path: String, _ blob: any Blob, secrets: Bool, origin: ScanOrigin = .project) {
    report.files += 1
    report.bytes &+= blob.size
    unpackingBudget = FileScanner.unpackingBudget(blob.size)
    scan(at: path, blob, ScanContext(origin: origin, secrets: secrets))
  }

  /// Scans a file within a file.
  /// - Parameter name: the member's name, appended to the path after `!/`.
  mutating func scanMember(of file: ScannedFile, at name: String, _ blob: any Blob) {
    var context = file.context
    context.depth += 1
    guard context.depth <= FileScanner.depthLimit else {
      return add(
        .unread, .error, file: file,
        text: "files nested more than \(FileScanner.depthLimit) deep in it were not scanned")
    }
    scan(at: "\(file.path)!/\(name)", blob, context)
  }

  /// The most bytes that are unpacked from a file: 256 MiB plus 200 times its size (counted up to 256 MiB), more than
  /// real files unpack to.
  private static func unpackingBudget(_ size: UInt64) -> UInt64 { 256 << 20 + min(size, 1 << 28) * 200 }

  /// Unpacks a file within a file and scans it, as far as it can be unpacked.
  /// - Parameters:
  ///   - rule: the rule of the finding if it cannot be unpacked to its end. If nil there is no finding: the file need
  ///     not have this format at all.
  ///   - form: the format, as in "it is ..": `compressed by gzip`.
  /// - Returns: whether it was unpacked to its end.
  @discardableResult
  mutating func unpack(
    in file: ScannedFile, at name: String, _ source: any ByteSource, orElse rule: ScanReport.Rule?,
    _ form: String = "an archive"
  ) throws -> Bool {
    let outcome = try SpooledBlob.spool(source, limit: unpackingBudget)
    unpackingBudget -= min(unpackingBudget, outcome.blob.size)
    scanMember(of: file, at: name, outcome.blob)
    switch outcome.problem {
    case .overLimit:
      add(
        .unread, .error, file: file,
        text: "it is \(form), and unpacking it would exceed the limit of 256 MiB plus 200 times the file's size")
    case .failed(let error):
      // What has too much of one form has that form.
      let isLimit = (error as? ArchiveError)?.code == .overLimit
      if let rule = isLimit ? .unread : rule {
        add(rule, .error, file: file, text: "it is \(form), and \(FileScanner.unreadableText(error))")
      }
    case nil: break
    }
    return outcome.problem == nil
  }

  private mutating func scan(at path: String, _ blob: any Blob, _ context: ScanContext) {
    guard blob.size > 0 else { return }
    let file: ScannedFile
    do {
      file = try ScannedFile(path, blob, context: context)
    } catch {
      // Such as a member with a wrong checksum, or a corrupt deflate stream.
      return report.add(
        .init(rule: .unread, level: .error, path: path, offset: nil, text: FileScanner.unreadableText(error)),
        context.origin)
    }
    let pickles = report.pickles
    let outer = earlierFindings
    earlierFindings = report.findings.count
    defer { earlierFindings = outer }
    var isKnown = false
    for form in FormatScanners.all {
      do {
        guard try form.recognizes(file) else { continue }
        if !form.matchesAnyFile {
          isKnown = true
          report.cover(form.name)
        }
        try form.scan(file, into: &self)
      } catch {
        add(.unread, .error, file: file, text: FileScanner.unreadableText(error))
      }
    }
    // A name with @ is a value within a file, not a file.
    if !isKnown, report.pickles == pickles, !file.name.hasPrefix("@") { report.cover(ScanReport.unknownFormatName) }
  }

  /// Where calls of pickles were found so far in the file that is looked into.
  func offsetsOfCalls(in file: ScannedFile) -> Set<UInt64> {
    let found = report.findings[earlierFindings...].filter { $0.rule == .pickleCall && $0.path == file.path }
    return Set(found.compactMap(\.offset))
  }

  private static func unreadableText(_ error: any Error) -> String {
    "it cannot be read: \((error as? any ExplainedError)?.reason ?? "\(error)")"
  }

  /// Adds a finding in a file.
  /// - Parameter offset: the byte offset in the file, if the finding is at one place.
  mutating func add(
    _ rule: ScanReport.Rule, _ level: ScanReport.Level, file: ScannedFile, at offset: UInt64? = nil, text: String
  ) {
    report.add(.init(rule: rule, level: level, path: file.path, offset: offset, text: text), file.context.origin)
  }
}
