import ArgumentParser
import OpzFlow
import OpzFormats
import OpzIO
import SystemPackage

struct RequestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "request", abstract: "Prints a request that a model's server answers.",
    discussion: """
      The same request with one row as a curl command, a Python program and a grpcurl command.

      opz request churn@1.0.0
      opz request model.json --form curl --address 10.0.0.7:8080
      """)

  enum Form: String, CaseIterable, ExpressibleByArgument {
    case curl, python, grpcurl
  }

  @Argument(
    help: "NAME@VERSION, a model's file, or a directory that holds one.", completion: RegistryNames.referencesOrFiles)
  var model: String
  @Option(help: "Print only this one.") var form: Form?
  @Option(help: ArgumentHelp("Where the server is.", valueName: "host:port")) var address = "127.0.0.1:8080"
  @Option(help: ArgumentHelp("The name by which the server has the model, if not the model's own.", valueName: "name"))
  var servedName: String?
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let operand = ModelOperand(model, session)
    let loaded = try await operand.load()
    let request = ServingRequest(loaded.model, name: servedName ?? operand.name, address: address)
    let texts: [(Form, String)] = [(.curl, request.curl), (.python, request.python), (.grpcurl, request.grpcurl)]
    let chosen = texts.filter { form == nil || $0.0 == form }.map(\.1)
    Console.data(chosen.joined(separator: "\n\n") + "\n")
  }
}
