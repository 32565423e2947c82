import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import OpzTrust
import SystemPackage

struct ScanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan", abstract: "Searches a version's files, or files on disk, for code in models and for secrets.",
    discussion: """
      Pickles are followed opcode by opcode, in torch's and NumPy's archives too; every import that is not on a list \
      of what models need is an error. So is a pickle that cannot be followed, code in models of Keras, TensorFlow, \
      ONNX, skops and R, in chat templates and YAML, a private key, an access token, a password. With --all, the \
      base's layers are scanned too. Exit code 5 if there is an error. It does not look for vulnerabilities: opz \
      attest --type scan attaches the SARIF of a scanner that does.

      A path begins with ./ or / or exists; NAME@VERSION is never a path.

      opz scan ./examples/churn
      opz scan churn@1.2.0
      opz scan churn@1.2.0 --allow 'mypackage.features.*' --attach
      opz scan churn@1.2.0 --sarif > churn.sarif
      """)

  @Argument(help: "NAME@VERSION or NAME@ALIAS; or a directory or file.", completion: RegistryNames.referencesOrFiles)
  var reference: String
  @Option(
    help: ArgumentHelp("package.module.Name or package.* that a model may use; may be repeated.", valueName: "name"))
  var allow: [String] = []
  @Flag(help: "Also scan the base's layers.") var all = false
  @Flag(help: "Also show notes, such as programs that were not scanned; --json and --sarif always have them.")
  var notes = false
  @Flag(help: "Attach the verdict to the image, for the scan gate.") var attach = false
  @Flag(help: "SARIF 2.1.0 on standard output.") var sarif = false
  @OptionGroup var keys: KeyOptions
  @Flag(
    help:
      "An object: name, version, digest, clean, files, bytes, pickles, covered, findings; for files: path instead of the first three."
  ) var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    /// Of files on disk; then there is no version.
    var path: String?
    var name: String?
    var version: String?
    var digest: String?
    let clean: Bool
    let files: Int
    let bytes: UInt64
    let pickles: Int
    let covered: [String: Int]
    let findings: [ScanReport.Finding]

    init(_ report: ScanReport) {
      clean = report.isClean
      files = report.files
      bytes = report.bytes
      pickles = report.pickles
      covered = report.coverage
      findings = report.findings
    }

    init(_ report: ScanReport, path: String) {
      self.init(report)
      self.path = path
    }

    init(_ report: ScanReport, of record: VersionRecord) {
      self.init(report)
      (name, version, digest) = (record.name, record.version, record.image.digest.description)
    }
  }

  func validate() throws {
    guard attach || keys.key == nil else { throw ValidationError("--key requires --attach") }
    guard !(sarif && json) else { throw ValidationError("--sarif and --json exclude each other") }
  }

  func run() async throws {
    let session = options.session()
    if try Operand.isModelFiles(reference, session) { return try await scan(files: session.path(reference)) }
    let registry = try session.openRegistry()
    let version = try registry.find(LocalReference(parsing: reference))
    let key = try keys.privateKey(session)
    let scan = ScanVersion(version, allowed: allow, all: all, in: session)
    let report = try await scan.run(registry)
    if attach {
      _ = try await AttestVersion(version, in: session).run(
        .scan, scan.sarif(report), with: key, from: .scan, subject: version.record.reference, registry: registry)
      options.note("attached the verdict to \(version.record.reference)")
    }
    try show(report, version, scan: scan)
    if !report.isClean { throw ExitCode(ExitStatus.code(.refused)) }
  }

  private func scan(files path: FilePath) async throws {
    for (isGiven, option) in [(attach, "--attach"), (sarif, "--sarif"), (all, "--all")] where isGiven {
      throw ValidationError("\(option) is only for versions, but \(reference) is a path")
    }
    let report = try await ScanFiles(path, allowed: allow).run()
    if json {
      try Console.json(Output(report, path: reference))
    } else {
      show(report, of: reference)
    }
    if !report.isClean { throw ExitCode(ExitStatus.code(.refused)) }
  }

  private func show(_ report: ScanReport, _ version: Registry.Version, scan: ScanVersion) throws {
    if sarif { return Console.document(String(decoding: PrintableText.json(try scan.sarif(report)), as: UTF8.self)) }
    if json { return try Console.json(Output(report, of: version.record)) }
    show(report, of: version.record.reference)
  }

  private func show(_ report: ScanReport, of name: String) {
    let shown = report.findings.filter { notes || $0.level > .note }
    if !shown.isEmpty { Console.data(FindingText.text(shown)) }
    let left = report.findings.count - shown.count
    if left > 0 { options.note("\(count(left, "note")): --notes shows \(left == 1 ? "it" : "them")") }
    // Show what the verdict covers, including files that opz does not judge.
    let covered = report.coverage.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    if !covered.isEmpty { Console.line("covers: \(covered.joined(separator: "; "))") }
    let errors = report.findings.count { $0.level == .error }
    let seen = "\(count(report.files, "file")), \(ByteCount.text(report.bytes)), \(count(report.pickles, "pickle"))"
    Console.line("\(name): \(seen): \(errors == 0 ? "clean" : count(errors, "error"))")
  }

  private func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
}

/// Findings of a scan for people.
enum FindingText {
  private static let width = 80

  /// A table where it is narrow enough; else each finding has its file in one line, and what was found below it.
  static func text(_ findings: [ScanReport.Finding]) -> String {
    var table = TextTable(["LEVEL", "RULE", "FILE", "AT", "WHAT"], right: [3])
    for finding in findings {
      table.add([
        finding.level.rawValue, finding.rule.rawValue, finding.path, finding.offset.map(String.init) ?? "",
        finding.text,
      ])
    }
    guard table.text(width: nil).split(separator: "\n").contains(where: { $0.count > width }) else {
      return table.text(width: nil)
    }
    return findings.map(block).joined()
  }

  private static func block(_ finding: ScanReport.Finding) -> String {
    let place = finding.offset.map { " at \($0)" } ?? ""
    let head = "\(finding.level.rawValue)  \(finding.rule.rawValue)  \(PrintableText.line(finding.path))\(place)"
    var lines = [head]
    var line = ""
    for word in PrintableText.line(finding.text).split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > width - 4 {
        lines.append("    \(line)")
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return (lines + ["    \(line)"]).joined(separator: "\n") + "\n"
  }
}
