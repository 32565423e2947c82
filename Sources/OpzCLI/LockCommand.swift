import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI

struct LockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lock", abstract: "Pins the base image in opz.lock, and Python packages in pylock.toml.",
    discussion: """
      A tag moves; opz package takes the digest that opz.lock has. For a python runtime, uv (PyPI; OPZ_UV names it) resolves \
      requirements.txt, pyproject.toml or uv.lock into pylock.toml with the digest of each wheel. Commit both files.

      opz lock examples/churn --set runtime.kind=custom --set runtime.base=registry.example/base:1
      opz lock . --update
      """)

  @Argument(help: "The project's directory.", completion: .directory) var directory = "."
  @Flag(help: "Look again at what is locked already.") var update = false
  @Option(
    name: .customLong("set"), help: ArgumentHelp("A value over opz.yaml's; may be repeated.", valueName: "key=value"))
  var overrides: [String] = []
  @Flag(help: "An array of objects: base, digest, previous.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let base: String
    let digest: Digest
    let previous: Digest?
  }

  func run() async throws {
    let session = options.session()
    let pins = try await LockProject(session.path(directory), overrides: overrides, update: update, in: session).run()
    if json {
      return try Console.json(pins.map { Output(base: $0.base, digest: $0.digest, previous: $0.previous) })
    }
    if pins.isEmpty { options.note("nothing to lock: the runtime has no base of its own") }
    for pin in pins {
      Console.line("\(pin.base)  \(pin.digest)")
      if let previous = pin.previous { options.note("it was \(previous)") }
    }
  }
}
