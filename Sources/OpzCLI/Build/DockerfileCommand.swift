import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import SystemPackage

struct DockerfileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dockerfile", abstract: "Writes a Dockerfile and build context for a version or project.",
    discussion: """
      docker build of the directory produces the same files and settings; only times differ.

      opz dockerfile churn@1.0.0 --output churn-docker && docker build churn-docker
      opz dockerfile examples/churn --output churn-docker
      """)

  @Argument(help: "NAME@VERSION, or a project's directory (./x, /x or .).", completion: RegistryNames.referencesOrFiles)
  var source = "."
  @Option(help: ArgumentHelp("A new or empty directory.", valueName: "dir"), completion: .directory) var output =
    "docker"
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    var session = options.session()
    guard output != "-", !OutputFile.isStream(session.path(output)) else {
      throw FlowError(
        .usage, "--output \(output)", reason: "a Dockerfile and its context need a directory",
        hint: "name a new directory")
    }
    let directory = session.path(output)
    let text: String
    if Operand.isProject(source, session) {
      if ModelOperand.isShadowed(source, in: session) {
        options.note(
          "\(source) is a directory here, and not the registry's model of that name, which is \(source)@VERSION")
      }
      // Package into a temporary registry, so that nothing is recorded.
      let temporary = try Directory.temporary(prefix: "opz-dockerfile-")
      defer { try? Durable.removeTree(temporary) }
      let project = session.path(source)
      try await Operand.copyRuntimes(from: session, to: temporary)
      session.registryPath = temporary
      let result = try await PackageProject(PackageRequest(project: project), in: session).run()
      text = try await DockerfileExport(result.version, in: session).write(to: directory, from: session.openRegistry())
    } else {
      let registry = try session.openRegistry()
      let version = try registry.find(LocalReference(parsing: source))
      text = try await DockerfileExport(version, in: session).write(to: directory, from: registry)
    }
    Console.document(text)
    options.note("wrote \(output)/Dockerfile; build it with: docker build \(output)")
  }
}
