public import ArgumentParser
public import OpzDeploy
import OpzFlow
import OpzIO
import OpzLint
import OpzOCI
import OpzRegistry

struct DeployCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deploy", abstract: "Writes the Kubernetes manifests of a version.",
    discussion: """
      The image is pinned by the version's digest; the rest comes from the deploy section of opz.yaml as it was last \
      packaged, or of --settings FILE. Each deploy is recorded as an event with the exact objects, so that the next \
      one can be compared with it and opz rollback --deploy can restore it; --output - only prints, unless --record \
      says that what is printed is applied. The repository is that of --image or of push.to in opz.yaml, else the one \
      that the version was last pushed to. --apply does a server-side dry run first \
      and changes nothing if an object would be refused; requests go to new pods only when they are ready.

      opz deploy churn@1.0.0 --image registry.example/crm/churn --output k8s
      opz deploy churn@1.0.0 --target keda --profile dev --output - --record | kubectl apply -f -
      opz deploy churn@1.1.0 --beside churn@1.0.0 --weight 10 --apply
      opz deploy churn@1.1.0 --diff
      """)

  @Argument(help: "NAME@VERSION.", completion: RegistryNames.references) var reference: String
  @Option(
    help: ArgumentHelp(
      "The repository that the cluster pulls from; else push.to in opz.yaml, else where the version was pushed to last.",
      valueName: "host/repo"))
  var image: String?
  @Option(help: "What runs and scales the server.") var target = DeployTarget.kubernetes
  @Option(help: "prod: everything in opz.yaml; dev: at most two pods, without budgets, quota and alerts.")
  var profile = DeployProfile.prod
  @Option(help: "Files of objects, a kustomize base with overlays, or a Helm chart.") var form = DeployForm.plain
  @Option(help: "The namespace of the objects.") var namespace: String?
  @Option(help: ArgumentHelp("Another version that shares the requests.", valueName: "name@version")) var beside:
    String?
  @Option(help: "With --beside: percent of the requests that this version gets.") var weight: Int?
  @Option(
    help: ArgumentHelp("An opz.yaml whose deploy section is used instead of what was packaged.", valueName: "file"),
    completion: .file())
  var settings: String?
  @Flag(help: "Write the Job or CronJob of deploy.batch, not the server.") var batch = false
  @Flag(help: "Show the changes since the last deploy, and in the cluster if it responds; write nothing.") var diff =
    false
  @Flag(help: "Apply with kubectl (server-side).") var apply = false
  @Flag(
    help: """
      With --apply: delete what earlier deploys, of any target and profile, left in this cluster and namespace and \
      this one does not have.
      """) var prune = false
  @Option(
    help: ArgumentHelp(
      "With --apply: how long to wait for pods before requests go to them and others are deleted; default: the Deployment's progressDeadlineSeconds and a minute.",
      valueName: "seconds"))
  var timeout: Int?
  @Option(help: ArgumentHelp("A code of opz lint to skip; may be repeated.", valueName: "code"))
  var allow: [String] = []
  @Option(
    help: ArgumentHelp("The directory to write to, or - for one stream.", valueName: "dir"), completion: .directory)
  var output: String?
  @Flag(help: "With --output -: record the deploy, because what is printed is applied.") var record = false
  @Flag(
    help:
      "An object: name, version, digest, image, settings, output, files, applied; place, cluster, objects and deleted with --apply."
  ) var json = false
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    if diff, apply || output != nil { throw ValidationError("--diff writes and applies nothing") }
    if batch, beside != nil { throw ValidationError("--batch excludes --beside") }
    if record, output == nil { throw ValidationError("--record requires --output -; other deploys are recorded") }
    if prune, !apply { throw ValidationError("--prune requires --apply") }
    if timeout != nil, !apply { throw ValidationError("--timeout requires --apply") }
    if let timeout, !(1...86_400).contains(timeout) { throw ValidationError("--timeout is from 1 to 86400 seconds") }
    if let weight, !(0...100).contains(weight) { throw ValidationError("--weight is from 0 to 100") }
    if output == "-", !form.isPlain { throw ValidationError("--output - requires --form plain") }
    if apply, !form.isPlain {
      throw ValidationError("--apply requires --form plain; helm and kustomize apply their own")
    }
  }

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    let image: String
    let settings: String
    let output: String?
    let files: [String]
    let applied: Bool
    let place: String
    let cluster: String?
    let objects: [String]
    let deleted: [String]
  }

  func run() async throws {
    let session = options.session()
    if let output, isStream(output, session) {
      guard form.isPlain else { throw ValidationError("--output \(output) requires --form plain") }
      try Console.reserveStandardOutput("--output", to: session.output(output), json: json)
    }
    let registry = try session.openRegistry()
    let version = try registry.current(registry.find(LocalReference(parsing: reference)))
    let request = try request(version, registry, session: session)
    let deploy = DeployVersion(version, request, in: session)
    let result = try await deploy.manifests()
    options.note(result.settings)
    for remark in result.remarks { options.note(remark) }
    for finding in result.report.findings where finding.severity == .warning {
      options.note("warning: \(finding.object): \(finding.code): \(finding.message)")
    }
    try deploy.requireNoLintErrors(result)
    if diff { return try await difference(deploy, result, registry: registry, session: session) }
    var done = ApplyDeploy.Result(place: result.place)
    if apply {
      done = try await deploy.apply(result, registry, prunes: prune, seconds: timeout) { [options] in options.note($0) }
    }
    if let output, isStream(output, session) {
      try await blocking { try OutputFile.write(Array(result.stream.utf8), to: session.output(output)) }
      if record, !apply { try await deploy.record(result, registry) }
      return
    }
    let directory = output ?? (apply ? nil : "k8s-\(version.record.name.replacing("/", with: "-"))")
    if let directory {
      for name in try await deploy.write(result, to: session.path(directory)) {
        options.note("\(directory)/\(name) was there before and is not part of this deploy")
      }
    }
    if !apply { try await deploy.record(result, registry) }
    try report(version.record, request, result: result, directory: directory, done: done)
  }

  /// Whether the output is a stream: `-`, `/dev/stdout` or a pipe.
  private func isStream(_ output: String, _ session: Session) -> Bool {
    output == "-" || OutputFile.isStream(session.path(output))
  }

  private func request(
    _ version: Registry.Version, _ registry: Registry, session: Session
  ) throws -> DeployRequest {
    let record = version.record
    let file = try settings.map { try SettingsFile(session.path($0), name: $0, for: version) }
    let known = image ?? file?.pushTo ?? record.pushTo
    let last = try known == nil ? registry.state(version.name).places[version.version]?.last : nil
    guard let place = known ?? last else {
      throw FlowError(
        .usage, record.reference, reason: "it was pushed to no repository, and opz.yaml names none",
        hint: "opz push \(record.reference) HOST/REPO, or name the repository with --image HOST/REPO")
    }
    if let last { options.note("the repository is that of the last push, \(last)") }
    var request = DeployRequest(
      repository: try Reference(parsing: place), target: target, profile: profile, form: form, namespace: namespace,
      alongside: try beside.map { try registry.find(LocalReference(parsing: $0)) }, weight: weight, isBatch: batch)
    request.settings = file
    request.allowed = Set(
      try allow.map { code in
        guard let about = RuleBook.about(code) else { throw LintCommand.unknown(code) }
        return about.code
      })
    return request
  }

  private func difference(
    _ deploy: DeployVersion, _ result: DeployVersion.Result, registry: Registry, session: Session
  ) async throws {
    let place = await deploy.known(result.place).place
    if let recorded = try await deploy.difference(result, registry) {
      Console.data(recorded)
      options.note(
        recorded.isEmpty
          ? "the last deploy of \(place) has the same objects" : "changes since the last deploy of \(place)")
    } else {
      options.note("this is the first deploy in \(place)")
    }
    let cluster = ClusterClient(session)
    guard await cluster.answers() else { return options.note("no cluster responds to kubectl") }
    let text = try await cluster.difference(result.stream)
    Console.data(text)
    options.note(text.isEmpty ? "the cluster has the same objects" : "changes in the cluster")
    for document in try await deploy.leftOver(result, registry) {
      options.note("in the cluster, but no longer in the manifests: \(document.name)")
    }
  }

  private func report(
    _ record: VersionRecord, _ request: DeployRequest, result: DeployVersion.Result, directory: String?,
    done: ApplyDeploy.Result
  ) throws {
    let pinned = request.repository.pinned(to: record.image.digest).description
    if json {
      return try Console.json(
        Output(
          name: record.name, version: record.version, digest: record.image.digest.description, image: pinned,
          settings: result.settings, output: directory, files: directory == nil ? [] : result.files.map(\.name),
          applied: apply, place: done.place.text, cluster: done.place.cluster, objects: done.applied,
          deleted: done.deleted))
    }
    guard let directory else { return }
    for file in result.files { Console.line("\(directory)/\(file.name)") }
    options.note("the image is \(pinned)")
    options.note("apply with: \(form.applyCommand(directory, profile))")
  }
}

extension DeployTarget: ExpressibleByArgument {}
extension DeployProfile: ExpressibleByArgument {}
extension DeployForm: ExpressibleByArgument {}
