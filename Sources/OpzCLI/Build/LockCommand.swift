import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import SystemPackage

struct LockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lock",
    abstract: "Pins the base image in opz.lock, Python packages in pylock.toml, R packages in debian.lock.",
    discussion: """
      Tags move, so opz package uses the digest in opz.lock. For a python runtime, uv (from PyPI; OPZ_UV overrides its \
      path) resolves requirements.txt, pyproject.toml or uv.lock into pylock.toml with the digest of each wheel. \
      opz.lock also has the digests of these inputs: if they change, opz package fails until opz lock is run again, \
      which updates only what it must. Commit both files.

      For an R runtime with packages, debian.lock has the Debian packages that the base lacks, as apt would choose them \
      from the base's own sources (runtime.archive names others), each with its digest; gpgv verifies the archives. \
      Nothing of the base is upgraded.

      opz lock examples/churn --set runtime.kind=custom --set runtime.base=registry.example/base:1
      opz lock .                               after requirements.txt changed: other packages keep their versions
      opz lock . --update                      updates the base and all packages
      opz lock . --update numpy --update scipy
      opz lock . --torch-backend cpu           PyTorch without CUDA
      opz lock . --check                       in a pipeline: exit code 3 if a lock is out of date
      """)

  @Argument(help: "The project's directory.", completion: .directory) var directory = "."
  @Flag(
    help:
      "Resolve again what is already locked: the base and all packages. With NAME: only that package; may be repeated.")
  var update = false
  @Option(
    name: .customLong("update-package"),
    help: ArgumentHelp("As --update NAME; an R package by its own name or Debian's.", valueName: "name"))
  var packages: [String] = []
  @Option(
    help: ArgumentHelp("Where uv takes PyTorch from: cpu, cu126, auto; as uv's option.", valueName: "name"))
  var torchBackend: String?
  @Flag(help: "Check whether the locks match the project, and change nothing.") var check = false
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("A setting that overrides opz.yaml; may be repeated.", valueName: "key=value"))
  var overrides: [String] = []
  @Flag(help: "An array of objects: base, digest, previous.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let base: String
    let digest: Digest
    let previous: Digest?
  }

  func validate() throws {
    if check, update || !packages.isEmpty {
      throw ValidationError("--check and --update exclude each other")
    }
    if let torchBackend {
      guard
        torchBackend.utf8.allSatisfy({
          $0 < 128 && ($0 == 45 || Character(UnicodeScalar($0)).isLetter || Character(UnicodeScalar($0)).isNumber)
        }),
        !torchBackend.isEmpty, !torchBackend.hasPrefix("-")
      else { throw ValidationError("--torch-backend \(torchBackend): write cpu, cu126 or auto") }
      if check { throw ValidationError("--check and --torch-backend exclude each other") }
    }
    if check, json { throw ValidationError("--check and --json exclude each other: the exit code is the result") }
    if update, !packages.isEmpty { throw ValidationError("--update without NAME already updates all packages") }
  }

  func run() async throws {
    let session = options.session()
    var lock = LockProject(
      session.path(directory), overrides: overrides,
      update: update ? .all : packages.isEmpty ? .needed : .packages(packages), in: session)
    lock.torchBackend = torchBackend
    if check {
      try await lock.check()
      return options.note("the locks match the project")
    }
    let pins = try await lock.run()
    await CacheLimit.keep(session)
    if json {
      return try Console.json(pins.map { Output(base: $0.base, digest: $0.digest, previous: $0.previous) })
    }
    if pins.isEmpty { options.note("nothing to lock: the runtime has no base of its own") }
    for pin in pins {
      Console.line("\(pin.base)  \(pin.digest)")
      if let previous = pin.previous { options.note("it was \(previous)") }
    }
  }

  /// Rewrites `--update NAME` as `--update-package NAME`, because ArgumentParser has no repeatable option with an
  /// optional value.
  ///
  /// A word after `--update` that is a project directory is the directory argument.
  static func expandingUpdateOptions(_ arguments: [String]) -> [String] {
    guard arguments.first(where: { !$0.hasPrefix("-") }) == "lock" else { return arguments }
    var rest = arguments[...]
    var result: [String] = []
    while let word = rest.popFirst() {
      if word == "--" { return result + [word] + rest }
      if word.hasPrefix("--update=") {
        result.append("--update-package=" + word.dropFirst("--update=".count))
      } else if word == "--update", let next = rest.first, LockProject.isPackageName(next), !isProject(next) {
        rest.removeFirst()
        result += ["--update-package", next]
      } else {
        result.append(word)
      }
    }
    return result
  }

  private static func isProject(_ path: String) -> Bool {
    ["opz.yaml", "MLmodel"].contains { ((try? FileStatus.find(FilePath(path).appending($0))) ?? nil) != nil }
  }
}
