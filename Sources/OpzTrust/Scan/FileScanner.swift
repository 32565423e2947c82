import OpzIO
import OpzOCI

/// Looks into one file by what it holds, not by what it is called, as each form that it can have.
struct FileScanner: Sendable {
  let allowlist: PickleAllowlist
  private(set) var report: ScanReport

  /// Files in files in files.
  static let depthLimit = 8

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
    for form in FormatLooks.all {
      do {
        if try form.recognizes(file) { try form.look(into: file, &self) }
      } catch {
        add(.unread, .error, file, FileScanner.cannotBeRead(error))
      }
    }
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
