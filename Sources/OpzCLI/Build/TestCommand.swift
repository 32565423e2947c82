import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct TestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Runs a version's model and compares its results with the expected ones.",
    discussion: """
      Starts the server of the image and sends it the rows of holdout.csv, which was next to the model when it was \
      packaged, and the requests of requests.jsonl. Exit code 4 if a response differs from the expected one.

      opz test churn@1.0.0
      """)

  @Argument(help: "NAME@VERSION.", completion: RegistryNames.references) var reference: String
  @Flag(help: "An object: name, version, passed, checks.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    let passed: Bool
    let checks: [Check]
  }

  struct Check: Encodable {
    let name: String
    let values: Int
    let identical: Int
    let largestDifference: Double
    let failures: [String]
  }

  func run() async throws {
    let session = options.session()
    let version = try session.openRegistry().find(LocalReference(parsing: reference))
    let report = try await TestVersion.run(version, in: session)
    if json {
      try Console.json(
        Output(
          name: version.record.name, version: version.record.version, digest: version.record.image.digest.description,
          passed: report.passed,
          checks: report.checks.map {
            Check(
              name: $0.name, values: $0.values, identical: $0.identical,
              largestDifference: $0.largestDifference,
              failures: $0.failures)
          }))
      if !report.passed { throw ExitCode(ExitStatus.code(.verification)) }
      return
    }
    try report.requireSuccess(version.record.reference)
    Console.data(report.summary + "\n")
  }
}
