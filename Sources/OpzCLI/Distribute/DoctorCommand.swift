import ArgumentParser
import OpzDistribution
import OpzIO

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Checks what a container registry supports, before large uploads.",
    discussion: """
      Checks the mirrors that pulls would ask first, connection, proxy, TLS, clock and login; in a repository that you \
      may push to also ranges, referrers, chunked uploads, mounts, the largest manifest and, with --deep, the largest request body (sending at most about \
      512 MiB). Nothing is left behind: uploads are canceled, or end with a wrong digest that the registry must \
      refuse. Exit code 6 if a check fails.

      opz doctor registry.example
      opz doctor registry.example/crm/churn --deep
      """)

  @Argument(help: "HOST or HOST/REPO.") var place: String
  @Flag(help: "Also find the largest request body.") var deep = false
  @Flag(help: "Use plain HTTP, if the network is trusted.") var insecure = false
  @Flag(help: "An object: registry, findings, and what was measured.") var json = false
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let doctor = try RemoteDoctor(
      place, environment: session.environment, userAgent: session.userAgent, insecure: insecure, deep: deep,
      state: session.transferState)
    let probe = try await doctor.run(progress: session.progress)
    if json { try Console.json(probe) } else { Console.data(DoctorCommand.table(probe)) }
    if !probe.isHealthy { throw ExitCode(ExitStatus.code(.network)) }
  }

  static func table(_ probe: RemoteProbe) -> String {
    var table = TextTable([])
    for finding in probe.findings {
      table.add([finding.verdict.rawValue, finding.check, finding.found, finding.action])
    }
    return table.text
  }
}
