import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry
import SystemPackage

struct PackageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "package", abstract: "Builds a project's image and records it as a version.",
    discussion: """
      Reads opz.yaml in DIR. The same content gives the same image; packaging it again returns the existing version.

      opz package examples/churn
      opz package examples/churn --version 1.1.0 --test --push registry.example/crm/churn:1.1.0
      opz package examples/churn --output docker-archive:churn.tar && docker load -i churn.tar
      opz package examples/churn --output docker-archive:/dev/stdout | docker load
      """)

  @Argument(help: "The project's directory.", completion: .directory) var directory = "."
  @Option(help: "The version; overrides opz.yaml.") var version: String?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("A setting that overrides opz.yaml; may be repeated.", valueName: "key=value"))
  var overrides: [String] = []
  @Option(name: .customLong("tag"), help: "A tag for --output and --push, instead of the version; may be repeated.")
  var tags: [String] = []
  @Option(
    name: .customLong("output"),
    help: ArgumentHelp(
      "Also write the image to oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE (- for a pipe).",
      valueName: "place"))
  var outputs: [String] = []
  @Option(help: ArgumentHelp("Also push to HOST/REPO[:TAG].", valueName: "dest")) var push: String?
  @Option(help: ArgumentHelp("Write the image's digest to a file.", valueName: "file"), completion: .file())
  var digestFile: String?
  @Flag(help: "Compare the model's results with the expected ones before the version is recorded.") var test = false
  @Flag(help: "An object: name, version, digest, existed, settings (what changed), size, layers, pushed.")
  var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    let existed: Bool
    let settings: [SettingsChange]
    let size: UInt64
    let layers: [LayerOutput]
    let pushed: [String]
  }

  struct LayerOutput: Encodable {
    let role: String
    let digest: String
    let size: UInt64
  }

  func validate() throws {
    for problem in tags.compactMap(Reference.tagProblem) { throw ValidationError("--tag: \(problem)") }
  }

  func run() async throws {
    let session = options.session()
    for output in outputs {
      if let path = ImagePlace.archive(output, in: session) {
        try Console.reserveStandardOutput("--output", to: path, json: json)
      }
    }
    if let digestFile { try Console.reserveStandardOutput("--digest-file", to: session.output(digestFile), json: json) }
    let request = PackageRequest(
      project: session.path(directory), version: version, overrides: overrides, tags: tags, outputs: outputs,
      push: push,
      test: test)
    let result = try await PackageProject(request, in: session).run()
    let record = result.version.record
    await CacheLimit.keep(session)
    for (path, reason) in result.ignored { options.note("ignored \(path): \(reason)") }
    if let digestFile {
      try OutputFile.write(Array("\(record.image.digest)\n".utf8), to: session.output(digestFile))
    }
    if json {
      return try Console.json(
        Output(
          name: record.name, version: record.version, digest: record.image.digest.description, existed: result.existed,
          settings: result.changes, size: record.layers.reduce(0) { $0 &+ $1.descriptor.size },
          layers: record.layers.map {
            LayerOutput(role: $0.role, digest: $0.descriptor.digest.description, size: $0.descriptor.size)
          },
          pushed: result.pushed?.references.map(\.description) ?? []))
    }
    options.note(
      result.existed
        ? "\(record.reference) has this content already" : "recorded \(record.reference) in \(session.registryPath)")
    if !result.changes.isEmpty {
      options.note("recorded its new settings, which opz deploy uses from now on:")
      for change in result.changes { options.note("  \(change)") }
    }
    for reference in result.pushed?.references ?? [] { options.note("pushed \(reference)") }
    Console.line("\(record.reference)  \(record.image.digest)")
    if let next = next(after: result) { options.note("next: \(next)") }
  }

  /// The command that usually comes next.
  private func next(after result: PackageProject.Result) -> String? {
    let record = result.version.record
    if let place = result.pushed?.references.first {
      return record.runtime.kind == "model" ? nil : "opz deploy \(record.reference) --image \(place.name)"
    }
    guard outputs.isEmpty, !result.existed else { return nil }
    let push = "opz push \(record.reference)" + (record.pushTo == nil ? " HOST/REPO" : "")
    return !record.hasTests || test ? push : "opz test \(record.reference), then \(push)"
  }
}
