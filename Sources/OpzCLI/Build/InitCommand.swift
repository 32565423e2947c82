import ArgumentParser
import OpzFlow
import OpzIO
import OpzProject

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Writes a commented opz.yaml for the model in a directory.",
    discussion: """
      A model that opz-server scores itself needs nothing else. For any other, opz.yaml puts opz-server in front of a \
      Python or R worker, and requirements.txt gets the versions that the model says of itself. Nothing of the model is \
      run, and files that exist are kept.

      opz init my-model && opz lock my-model && opz package my-model --test
      """)

  @Argument(help: "The project's directory.", completion: .directory) var directory = "."
  @Option(help: ArgumentHelp("The base image of a worker, instead of the usual one.", valueName: "image"))
  var base: String?
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let session = options.session()
    let result = try await StartProject(session.path(directory), base: base, in: session).run()
    for path in result.written { Console.line(path.string) }
    for note in result.notes { options.note(note) }
    guard result.worker != nil else { return options.note("next: opz package \(directory)") }
    options.note("next: opz lock \(directory), then opz package \(directory) --test")
    if result.worker?.language == .python, !InstalledTool.uv.isFound(session.environment) {
      options.note("opz lock needs uv: pip install uv")
    }
  }
}
