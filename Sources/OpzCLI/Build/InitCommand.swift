import ArgumentParser
import OpzFlow
import OpzIO
import OpzProject

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Writes a commented opz.yaml for the model in a directory.",
    discussion: "opz init my-model && opz package my-model")

  @Argument(help: "The project's directory.", completion: .directory) var directory = "."
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let path = try ProjectStarter(session.path(directory)).write(session.formats)
    Console.line(path.string)
    options.note("next: opz package \(directory)")
  }
}
