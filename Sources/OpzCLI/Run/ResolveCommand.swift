import ArgumentParser
import OpzFlow
import OpzIO
import SystemPackage

struct ResolveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resolve", abstract: "Pins images in manifests that name versions or tags.",
    discussion: """
      Manifests, kustomizations (images) and Helm values (registry, repository or image, tag or imageTag, digest or \
      sha) that name opz://NAME@VERSION, opz://NAME@ALIAS or HOST/REPO:TAG. Comments, order, quotes and white space do \
      not change. A version is replaced by the repository that it was pushed to. An image that names no registry \
      (nginx:1.27) is left unchanged, because each node's container runtime decides what it means; for Docker Hub \
      write docker.io/library/nginx:1.27. Ambiguous images are left unchanged too (an unquoted tag such as 1.10, which \
      Helm reads as 1.1; two registries; no tag).

      opz resolve -f k8s --in-place
      opz resolve -f values.yaml > values.pinned.yaml
      opz resolve -f k8s --check
      """)

  @Option(
    name: [.customShort("f"), .customLong("file")],
    help: ArgumentHelp("A file, a directory, or - for standard input; may be repeated.", valueName: "path"),
    completion: .file())
  var files: [String] = []
  @Option(
    help: ArgumentHelp("A directory for the files, or - for one stream (the default).", valueName: "dir"),
    completion: .directory)
  var output: String?
  @Flag(help: "Rewrite the files in place.") var inPlace = false
  @Flag(help: "Write nothing and contact no registry: exit code 5 if an image has no digest.") var check = false
  @Flag(help: "Refuse images that name no registry or are ambiguous.") var strict = false
  @Flag(help: "An object: pinned, changed, files, unqualified, doubtful, and open with --check.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let pinned: Int
    let changed: Int
    let files: [String]
    let open: [String]
    let unqualified: [String]
    let doubtful: [String]
  }

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("nothing to resolve; write -f FILE or -f DIR") }
    if [output != nil, inPlace, check].count(where: \.self) > 1 {
      throw ValidationError("--output, --in-place and --check exclude each other")
    }
    if json, !inPlace, !check, output == nil || output == "-" {
      throw ValidationError(
        "--json needs --output DIR, --in-place or --check: otherwise the manifests go to standard output")
    }
  }

  func run() async throws {
    let session = options.session()
    if let output, OutputFile.isStream(session.output(output)) {
      try Console.reserveStandardOutput("--output", to: session.output(output), json: json)
    }
    let resolve = ResolveManifests(files, isStrict: strict, in: session)
    let result = try await check ? resolve.check() : resolve.run()
    for remark in result.remarks { options.note(remark) }
    if let first = result.unqualified.first {
      let more = result.unqualified.count > 1 ? " and \(result.unqualified.count - 1) more name" : " names"
      options.note("\(first)\(more) no registry: left unchanged (--strict refuses)")
    }
    for place in result.doubtful.prefix(20) { options.note("\(place): left unchanged (--strict refuses)") }
    if result.doubtful.count > 20 { options.note("and \(result.doubtful.count - 20) more are left unchanged") }
    if check { return try report(result) }
    if inPlace {
      try await result.write(in: session)
    } else if let output, output != "-", !OutputFile.isStream(session.path(output)) {
      try await result.write(to: session.path(output), named: files, in: session)
    } else {
      let path = session.output(output ?? "-")
      try await blocking { try OutputFile.write(Array(result.stream.utf8), to: path) }
    }
    if json {
      let changed = result.files.filter { $0.changed > 0 }.map(\.name)
      return try Console.json(
        Output(
          pinned: result.pinned, changed: result.changed, files: changed, open: [], unqualified: result.unqualified,
          doubtful: result.doubtful))
    }
    options.note("\(result.changed) pinned, \(result.pinned) had a digest")
  }

  private func report(_ result: ResolveManifests.Result) throws {
    if json {
      try Console.json(
        Output(
          pinned: result.pinned, changed: 0, files: [], open: result.open, unqualified: result.unqualified,
          doubtful: result.doubtful))
    } else {
      for place in result.open { Console.line(place) }
      options.note("\(result.open.count) without a digest, \(result.pinned) with one")
    }
    if !result.open.isEmpty { throw ExitCode(ExitStatus.code(.refused)) }
  }
}
