import ArgumentParser
import OpzFlow

struct RegistryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "registry", abstract: "Serves the registry as a container registry, and changes its format.",
    discussion: """
      opz registry serve --listen 127.0.0.1:5000
      docker pull 127.0.0.1:5000/churn:1.0.0
      opz registry upgrade --dry-run
      """,
    subcommands: [RegistryServeCommand.self, RegistryFaultsCommand.self, RegistryUpgradeCommand.self]
  )
}

struct RegistryServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serves the registry to container tools, or imitates a failing one.",
    discussion: """
      Starts opz-hub: an OCI distribution-spec registry over the local one. A version NAME@VERSION is pulled as \
      HOST/NAME:VERSION, an alias as HOST/NAME:ALIAS; pushed content is kept in the registry's directory.

      opz registry serve --listen 127.0.0.1:5000
      docker pull 127.0.0.1:5000/churn:1.0.0

      With --faults it is as slow, strict or broken as the file says, so that a pipeline can rehearse failures.

      echo 'personality: ghcr' > faults.yaml
      opz registry serve --registry /tmp/rehearsal --faults faults.yaml
      """)

  @Option(help: ArgumentHelp("The address and port to listen on; port 0 for a free one.", valueName: "address:port"))
  var listen = "127.0.0.1:5000"
  @Option(help: ArgumentHelp("YAML or JSON: which registry to imitate, and what fails when.", valueName: "file"))
  var faults: String?
  @Flag(help: "Allow an address that other machines can reach, without a password and unencrypted.")
  var insecureAnywhere = false
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let hub = try InstalledProgram.hub.require(
      session.environment, install: "scripts/install PREFIX hub installs it too")
    var arguments = [hub.string, "--registry", try session.requireRegistryPath().string, "--listen", listen]
    if let faults { arguments += ["--faults", faults] }
    if insecureAnywhere { arguments.append("--insecure-anywhere") }
    try ProcessImage.become(arguments)
  }
}

struct RegistryFaultsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "faults", abstract: "Lists the personalities and faults for opz registry serve --faults.",
    discussion: "opz registry faults")

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let hub = try InstalledProgram.hub.require(
      options.session().environment, install: "scripts/install PREFIX hub installs it too")
    try ProcessImage.become([hub.string, "--list"])
  }
}
