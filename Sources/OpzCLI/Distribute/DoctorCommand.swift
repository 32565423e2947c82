import ArgumentParser
import OpzDistribution
import OpzFlow
import OpzIO

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Checks this machine, or what a container registry supports.",
    discussion: """
      Without HOST: the libraries that opz loads, certificates, opz-server, whether the registry can be written, \
      container engines and other programs, each with the way to get what is missing. Exit code 1 if a check fails.

      With HOST: checks the mirrors that pulls would ask first, connection, proxy, TLS, clock and login; in a repository that you \
      may push to also ranges, referrers, chunked uploads, mounts, the largest manifest and, with --deep, the largest request body (sending at most about \
      512 MiB). Nothing is left behind: uploads are canceled, or end with a wrong digest that the registry must \
      refuse. Exit code 6 if a check fails.

      opz doctor
      opz doctor registry.example
      opz doctor registry.example/crm/churn --deep
      """)

  @Argument(help: "HOST or HOST/REPO; this machine without it.") var place: String?
  @Flag(help: "Also find the largest request body.") var deep = false
  @Flag(help: "Use plain HTTP, if the network is trusted.") var insecure = false
  @Flag(help: "An object: findings, and registry and what was measured, or installation.") var json = false
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    guard let place else { return try await examine(session) }
    let doctor = try RemoteDoctor(
      place, environment: session.environment, userAgent: session.userAgent, insecure: insecure, deep: deep,
      state: session.transferState)
    let probe = try await doctor.run(progress: session.progress)
    if json { try Console.json(probe) } else { Console.data(DoctorCommand.table(probe.findings)) }
    if !probe.isHealthy { throw ExitCode(ExitStatus.code(.network)) }
  }

  /// Checks this machine.
  private func examine(_ session: Session) async throws {
    guard !deep, !insecure else {
      throw ValidationError("--deep and --insecure are about a container registry: opz doctor HOST/REPO --deep")
    }
    let report = try await blocking { LocalDoctor(session, version: Opz.version).run() }
    if json { try Console.json(report) } else { Console.data(DoctorCommand.table(report.findings)) }
    if !report.isHealthy { throw ExitCode(ExitStatus.code(.failed)) }
  }

  static func table(_ findings: [RemoteProbe.Finding]) -> String {
    var table = TextTable([])
    for finding in findings {
      table.add([finding.verdict.rawValue, finding.check, finding.found, finding.action])
    }
    return table.text
  }
}
