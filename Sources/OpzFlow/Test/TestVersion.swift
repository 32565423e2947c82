import OpzIO
import OpzJSON
import OpzOCI
public import OpzRegistry
import OpzStore

/// `opz test`: runs a recorded version and compares its results with the expected ones recorded with it.
public enum TestVersion {
  /// Runs the model of the version's image, compares its results with the expected ones, and records an event
  /// `tested`.
  ///
  /// Differences do not throw: check `TestReport.passed`, or call `requireSuccess(_:)`. The image is unpacked into a
  /// temporary directory, which is removed afterwards.
  /// - Throws: `FlowError` of category `notFound` for a version without files to compare with, `RegistryError`,
  ///   `IOFailure`.
  public static func run(_ version: Registry.Version, in session: Session) async throws -> TestReport {
    try version.record.requireKnownRuntime()
    let registry = try session.openRegistry()
    let (version, source) = try await blocking {
      let state = try registry.state(version.name)
      return (try registry.current(version, in: state), state.configuration(of: version))
    }
    let image = try await registry.store.image(version.record.image)
    let content = VersionContent(registry: registry, record: version.record, session: session)
    let test = ImageTest(image: image, tests: version.record.tests, name: version.name, session: session) {
      try await content.blob($0)
    }
    let report = try await test.run(registry.store)
    var details = report.details
    details["settings"] = source.map { .string($0.event.hash) }
    try await blocking { [details] in
      try registry.note(.tested, version, by: session.author, details: details)
    }
    return report
  }
}

extension TestReport {
  /// What an event `tested` keeps: `opz deploy` derives probes and memory from it.
  var details: [String: JSONValue] {
    var details: [String: JSONValue] = [
      "passed": .bool(passed), "values": .integer(Int64(checks.reduce(0) { $0 + $1.values })),
    ]
    details["readyMilliseconds"] = readyMilliseconds.map { .integer(Int64($0)) }
    details["memoryBytes"] = memoryBytes.flatMap { Int64(exactly: $0) }.map { .integer($0) }
    return details
  }
}
