import OpzArchive
import OpzFormats
import OpzIO
import OpzModel
import OpzOCI
import OpzRegistry
import OpzStore
import SystemPackage

/// The result of testing an image.
public struct TestReport: Sendable {
  /// The comparison with one file of expected results.
  public struct Check: Sendable {
    /// `expected.csv` or `requests.jsonl`.
    public let name: String
    /// The number of compared values.
    public var values = 0
    /// The number of values that are identical bit for bit.
    public var identical = 0
    /// Of numbers.
    public var largestDifference = 0.0
    /// The first values that differ too much, and other failures; at most ten.
    public var failures: [String] = []

    mutating func fail(_ text: String) {
      if failures.count < 10 { failures.append(text) }
    }
  }

  public var checks: [Check] = []
  /// How the model was run: `opz-server of the image`.
  public var runner = ""
  /// Milliseconds from the server's start until it is ready; nil if none was started.
  public var readyMilliseconds: Int?

  public var passed: Bool { checks.allSatisfy(\.failures.isEmpty) }

  public var summary: String {
    checks.map { check in
      let same =
        check.identical == check.values
        ? "all equal to the last bit"
        : "\(check.identical) equal to the last bit, largest difference \(Float(check.largestDifference))"
      return "\(check.name): \(check.values) values, \(same) (\(runner))"
    }.joined(separator: "\n")
  }

  /// - Throws: `FlowError` of category `verification` with the first difference.
  public func requireSuccess(_ subject: String) throws {
    let failures = checks.flatMap { check in check.failures.map { "\(check.name): \($0)" } }
    guard let first = failures.first else { return }
    let more = failures.count > 1 ? "; \(failures.count - 1) more" : ""
    throw FlowError(
      .verification, subject, "the image's results differ from the expected ones: \(first)\(more)",
      hint: "check that expected.csv was made with this model")
  }
}

/// Runs a built image's model and compares its results with those recorded with the version.
struct ImageTest: Sendable {
  let image: Image
  let tests: [VersionRecord.TestFile]
  let name: ModelName
  let session: Session

  func run(_ store: LayoutStore) async throws -> TestReport {
    guard !tests.isEmpty else {
      throw FlowError(
        .notFound, name.description, "there are no expected results",
        hint: "put holdout.csv and expected.csv, or requests.jsonl, next to the model")
    }
    let directory = try Directory.temporary(prefix: "opz-test-")
    defer { try? Durable.removeTree(directory) }
    let stack = try ImageFiles.stack(image, in: store)
    try await blocking {
      var unpacker = LayerUnpacker()
      unpacker.leavingLinks = .keep
      unpacker.specialFiles = .skip
      _ = try unpacker.unpack(stack, into: directory)
    }
    let formats = session.formats
    let options = try ReadingOptions(of: image)
    let model = try await blocking { try formats.load(directory.appending("models"), options: options).model }
    let runner = try await runner(directory, model)
    do {
      let report = try await compare(runner, model, store)
      await runner.stop()
      return report
    } catch {
      await runner.stop()
      throw error
    }
  }

  private func runner(_ root: FilePath, _ model: Model) async throws -> any ModelRunner {
    let entrypoint = image.config.config?.entrypoint
    if entrypoint == ["/opz-server"] {
      return try await ServerRunner.start(image, root: root, name: name.description, session: session)
    }
    guard entrypoint == nil, image.config.config?.cmd == nil else {
      throw FlowError(
        .failed, name.description, "an image with a command of its own cannot be tested without a container engine",
        hint: "run it with docker or podman and send it your requests")
    }
    return ScorerRunner(model)
  }

  private func compare(_ runner: any ModelRunner, _ model: Model, _ store: LayoutStore) async throws -> TestReport {
    var report = TestReport()
    report.runner = runner.description
    report.readyMilliseconds = (runner as? ServerRunner)?.readyMilliseconds
    func file(_ name: String) throws -> FileBlob? {
      try tests.first { $0.name == name }.map { try store.file($0.descriptor) }
    }
    if let holdout = try file("holdout.csv"), let expected = try file("expected.csv") {
      let rows = try await blocking { try TestTable.read(holdout, name: "holdout.csv") }
      let wanted = try await blocking { try TestTable.read(expected, name: "expected.csv") }
      report.checks.append(try await TableCheck(rows: rows, expected: wanted, model: model).run(runner))
    }
    if let requests = try file("requests.jsonl"), let server = runner as? ServerRunner {
      let bytes = try await blocking { try requests.bytes() }
      report.checks.append(try await RequestCheck(bytes).run(server))
    }
    guard !report.checks.isEmpty else {
      throw FlowError(
        .notFound, name.description, "holdout.csv and expected.csv belong together, and one is missing",
        hint: "put both next to the model")
    }
    return report
  }
}
