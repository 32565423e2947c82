import OpzArchive
import OpzFormats
import OpzIO
import OpzJSON
import OpzModel
import OpzOCI
import OpzProject
public import OpzRegistry
import OpzStore
import SystemPackage

/// The files that a version keeps for its test.
enum TestFiles {
  /// The section `test` of opz.yaml.
  static let settings = "test.json"
  /// What the table of `monitor.data` has in its columns.
  static let profile = "profile.json"
  /// A request that must be answered.
  static let example = ExampleRequest.fileName
  /// Those beside the model.
  static let beside = ["holdout.csv", "expected.csv", "requests.jsonl", example]

  /// Whether a file has nothing to compare with.
  static func isSetting(_ file: VersionRecord.TestFile) -> Bool { file.name == settings || file.name == profile }
}

extension VersionRecord {
  /// Whether there is anything to compare an image's results with.
  public var hasTests: Bool { !tests.allSatisfy { TestFiles.isSetting($0) } }
}

/// The result of testing an image.
public struct TestReport: Sendable {
  /// The comparison with one file of expected results.
  public struct Check: Sendable {
    /// `expected.csv`, `requests.jsonl` or `example.json`.
    public let name: String
    /// How much numbers may differ; nil for the order of rounding.
    var tolerance: TestSection.Tolerance?
    /// The number of compared values.
    public var values = 0
    /// The number of values that are identical bit for bit.
    public var identical = 0
    /// Of numbers.
    public var largestDifference = 0.0
    /// The first values that differ too much, and other failures; at most ten.
    public var failures: [String] = []

    init(name: String, tolerance: TestSection.Tolerance? = nil) {
      self.name = name
      self.tolerance = tolerance
    }

    mutating func fail(_ text: String) {
      if failures.count < 10 { failures.append(text) }
    }
  }

  public var checks: [Check] = []
  /// How the model was run: `opz-server of the image`.
  public var runner = ""
  /// Milliseconds from the server's start until it is ready; nil if none was started.
  public var readyMilliseconds: Int?
  /// Bytes of memory that the server and its workers had at the end; nil where it was not measured.
  public var memoryBytes: UInt64?

  public var passed: Bool { checks.allSatisfy(\.failures.isEmpty) }

  public var summary: String {
    checks.map { check in
      if check.name == TestFiles.example { return "\(check.name): answered with \(check.values) values (\(runner))" }
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
      .verification, subject, reason: "the image's results differ from the expected ones: \(first)\(more)",
      hint: "check that expected.csv was made with this model")
  }
}

/// Runs a built image's model and compares its results with those recorded with the version.
struct ImageTest: Sendable {
  let image: Image
  let tests: [VersionRecord.TestFile]
  let name: ModelName
  let session: Session
  /// Finds a layer of the base that the store does not have.
  let fetch: @Sendable (Descriptor) async throws -> any Blob

  func run(_ store: LayoutStore) async throws -> TestReport {
    let settings = try await settings(store)
    let hasWorkers = ServedWorker.isIn(image)
    guard hasWorkers || !tests.allSatisfy(TestFiles.isSetting) else {
      throw FlowError(
        .notFound, name.description, reason: "there are no expected results",
        hint: "put holdout.csv and expected.csv, or requests.jsonl, next to the model, then opz package")
    }
    let directory = try Directory.temporary(prefix: "opz-test-")
    defer { try? Durable.removeTree(directory) }
    let stack = try await stack(store)
    try await blocking {
      var unpacker = LayerUnpacker()
      unpacker.leavingLinks = .keep
      unpacker.specialFiles = .skip
      _ = try unpacker.unpack(stack, into: directory)
    }
    let model: Model? = hasWorkers ? nil : try await self.model(in: directory)
    let runner = try await runner(directory, model, settings: settings)
    do {
      let report = try await compare(runner, model, store: store, settings: settings)
      await runner.stop()
      return report
    } catch {
      await runner.stop()
      throw error
    }
  }

  /// The layers of the image; those that the store has not are read from where the base is.
  private func stack(_ store: LayoutStore) async throws -> LayerStack {
    var layers: [StoredLayer] = []
    for layer in image.layers {
      let isHere = try store.has(layer.descriptor)
      let blob: any Blob = if isHere { try store.file(layer.descriptor) } else { try await fetch(layer.descriptor) }
      layers.append(try StoredLayer(layer.descriptor, blob, diffID: layer.diffID))
    }
    return LayerStack(layers)
  }

  private func settings(_ store: LayoutStore) async throws -> TestSection {
    guard let file = tests.first(where: { $0.name == TestFiles.settings }) else { return TestSection() }
    let blob = try store.file(file.descriptor)
    return try CanonicalJSON.decode(
      TestSection.self, from: try await blocking { try blob.bytes() }, subject: TestFiles.settings)
  }

  private func model(in directory: FilePath) async throws -> Model {
    let (formats, options) = (session.formats, try ReadingOptions(of: image))
    return try await blocking { try formats.load(directory.appending("models"), options: options).model }
  }

  private func runner(_ root: FilePath, _ model: Model?, settings: TestSection) async throws -> any ModelRunner {
    guard let model else {
      return try await ServerRunner.start(
        ImageRoot(root, of: image, session), image, name: name.description, wait: settings.wait ?? 120, session: session
      )
    }
    let entrypoint = image.config.config?.entrypoint
    if entrypoint == ["/opz-server"] {
      return try await ServerRunner.start(image, root: root, name: name.description, session: session)
    }
    guard entrypoint == nil, image.config.config?.cmd == nil else {
      throw FlowError(
        .failed, name.description,
        reason: "an image with a command of its own cannot be tested without a container engine",
        hint: "run it with docker or podman and send it your requests")
    }
    return ScorerRunner(model)
  }

  private func compare(
    _ runner: any ModelRunner, _ model: Model?, store: LayoutStore, settings: TestSection
  ) async throws -> TestReport {
    var report = TestReport()
    report.runner = runner.description
    let server = runner as? ServerRunner
    let signature: TestSignature
    if let model {
      signature = TestSignature(model)
    } else if let server {
      signature = try await server.signature()
    } else {
      signature = TestSignature(inputs: [], outputs: [])
    }
    report.readyMilliseconds = server?.readyMilliseconds
    func file(_ name: String) throws -> FileBlob? {
      try tests.first { $0.name == name }.map { try store.file($0.descriptor) }
    }
    if let holdout = try file("holdout.csv"), let expected = try file("expected.csv") {
      let rows = try await blocking { try TestTable.read(holdout, name: "holdout.csv") }
      let wanted = try await blocking { try TestTable.read(expected, name: "expected.csv") }
      report.checks.append(
        try await TableCheck(rows: rows, expected: wanted, signature: signature, tolerance: settings.tolerance).run(
          runner))
    }
    if let requests = try file("requests.jsonl"), let server {
      let bytes = try await blocking { try requests.bytes() }
      report.checks.append(try await RequestCheck(bytes, tolerance: settings.tolerance).run(server))
    }
    if let server, model == nil {
      let example = try file(TestFiles.example)
      let bytes: [UInt8]? = if let example { try await blocking { try example.bytes() } } else { nil }
      if bytes != nil || report.checks.isEmpty {
        report.checks.append(try await ExampleCheck(bytes, signature).run { try await server.infer($0) })
      }
      report.memoryBytes = ProcessMemory.ofTree(server.pid)?.bytes
    }
    guard !report.checks.isEmpty else {
      throw FlowError(
        .notFound, name.description, reason: "holdout.csv and expected.csv belong together, and one is missing",
        hint: "put both next to the model")
    }
    return report
  }
}
