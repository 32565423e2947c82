import ArgumentParser
import OpzDistribution
import OpzIO

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Finds out what a container registry does, before much is sent to it.",
    discussion: """
      Connection, proxy, TLS, clock, login; with a repository that you may push to also ranges, referrers, uploads in chunks, \
      mounts, the largest manifest and, with --deep, the largest body (some 512 MiB are sent at most). Nothing is left behind: \
      uploads are cancelled, and what is sent has a digest that the registry has to refuse. Exit code 6 where something fails.

      opz doctor registry.example
      opz doctor registry.example/crm/churn --deep
      """)

  @Argument(help: "HOST or HOST/REPO.") var place: String
  @Flag(help: "Look for the largest body, too.") var deep = false
  @Flag(help: "Speak plain HTTP, where the network is trusted.") var insecure = false
  @Flag(help: "An object: registry, findings, and what was measured.") var json = false
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let doctor = try RegistryDoctor(
      place, environment: session.environment, userAgent: session.userAgent, insecure: insecure, deep: deep,
      state: session.transferState)
    let probe = try await doctor.run(progress: session.progress)
    if json { try Console.json(probe) } else { Console.data(DoctorCommand.table(probe)) }
    if !probe.isHealthy { throw ExitCode(ExitStatus.code(.network)) }
  }

  static func table(_ probe: RegistryProbe) -> String {
    var table = TextTable([])
    for finding in probe.findings {
      table.add([finding.verdict.rawValue, finding.check, finding.found, finding.action])
    }
    return table.text
  }
}
