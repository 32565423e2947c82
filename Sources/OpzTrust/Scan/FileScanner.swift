import OpzIO
import OpzOCI

/// Looks into one file by what it holds, not by what it is called, as each form that it can have.
struct FileScanner: Sendable {
  let allowlist: PickleAllowlist
  private(set) var report: ScanReport

  /// Files in files in files.
  static let depthLimit = 8
  /// How many bytes may still be unpacked of the file that is looked into, and of what lies in it.
  private var unpackable: UInt64 = 0

  init(_ report: ScanReport) {
    self.report = report
    allowlist = PickleAllowlist(report.allowed)
  }

  /// A layer and what was found in it.
  mutating func begin(layer: Digest) { report.layers.append(layer) }

  /// A pickle was followed.
  mutating func countPickle() { report.pickles += 1 }

  /// - Parameters:
  ///   - path: in the image.
  ///   - secrets: whether keys and tokens count: what comes from a public index has none.
  mutating func scan(_ path: String, _ blob: any Blob, secrets: Bool, origin: ScanOrigin = .project) {
    report.files += 1
    report.bytes &+= blob.size
    unpackable = FileScanner.unpackable(blob.size)
    look(at: path, blob, ScanContext(origin: origin, secrets: secrets))
  }

  /// Looks into what lies in a file.
  /// - Parameter name: of the member; the path has it after `!/`.
  mutating func look(in file: ScannedFile, at name: String, _ blob: any Blob) {
    var context = file.context
    context.depth += 1
    guard context.depth <= FileScanner.depthLimit else {
      return add(.unread, .error, file, "what lies in \(FileScanner.depthLimit) other files was not looked into")
    }
    look(at: "\(file.path)!/\(name)", blob, context)
  }

  /// 256 MiB, and two hundred times the file, which is more than real files unpack to; 64 GiB at most.
  private static func unpackable(_ size: UInt64) -> UInt64 { 256 << 20 + min(size, 1 << 28) * 200 }

  /// Unpacks what lies in a file, and looks into it, as far as it can be unpacked.
  /// - Parameters:
  ///   - rule: of the finding that it cannot be read whole. Nil: then the file need not have had that form at all.
  ///   - form: `compressed by gzip`.
  /// - Returns: whether it could be unpacked to its end.
  @discardableResult
  mutating func unpack(
    in file: ScannedFile, at name: String, _ source: any ByteSource, orElse rule: ScanReport.Rule?,
    _ form: String = "an archive"
  ) throws -> Bool {
    let outcome = try SpooledBlob.reading(source, limit: unpackable)
    unpackable -= min(unpackable, outcome.blob.size)
    look(in: file, at: name, outcome.blob)
    switch outcome.problem {
    case .overLimit:
      add(
        .unread, .error, file,
        "it is \(form), and with what it unpacks to, more than 256 MiB and 200 times the file's size would be read")
    case .failed(let error):
      if let rule { add(rule, .error, file, "it is \(form), and \(FileScanner.cannotBeRead(error))") }
    case nil: break
    }
    return outcome.problem == nil
  }

  private mutating func look(at path: String, _ blob: any Blob, _ context: ScanContext) {
    guard blob.size > 0 else { return }
    let file: ScannedFile
    do {
      file = try ScannedFile(path, blob, context)
    } catch {
      // A member whose checksum is wrong, an inflated stream that is damaged.
      return report.add(
        .init(rule: .unread, level: .error, path: path, offset: nil, text: FileScanner.cannotBeRead(error)),
        context.origin)
    }
    let pickles = report.pickles
    var isKnown = false
    for form in FormatLooks.all {
      do {
        guard try form.recognizes(file) else { continue }
        if !form.isOfAnyFile {
          isKnown = true
          report.cover(form.name)
        }
        try form.look(into: file, &self)
      } catch {
        add(.unread, .error, file, FileScanner.cannotBeRead(error))
      }
    }
    // A value of a file is not one itself.
    if !isKnown, report.pickles == pickles, !file.name.hasPrefix("@") { report.cover(ScanReport.unknownForm) }
  }

  private static func cannotBeRead(_ error: any Error) -> String {
    "it cannot be read: \((error as? any ExplainedError)?.reason ?? "\(error)")"
  }

  /// - Parameter offset: in the file, where there is one place.
  mutating func add(
    _ rule: ScanReport.Rule, _ level: ScanReport.Level, _ file: ScannedFile, at offset: UInt64? = nil, _ text: String
  ) {
    report.add(.init(rule: rule, level: level, path: file.path, offset: offset, text: text), file.context.origin)
  }
}
