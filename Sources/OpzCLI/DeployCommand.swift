import ArgumentParser
import OpzFlow
import OpzIO
import OpzOCI
import OpzRegistry

struct DeployCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deploy", abstract: "Writes the Kubernetes manifests of a version.",
    discussion: """
      The image is pinned by the version's digest; replicas, resources and the autoscaler's target are those of opz.yaml.

      opz deploy churn@1.0.0 --image registry.example/crm/churn --output k8s
      opz deploy churn@1.0.0 --image registry.example/crm/churn --output - | kubectl apply -f -
      """)

  enum Target: String, ExpressibleByArgument, CaseIterable {
    case kubernetes
  }

  @Argument(help: "NAME@VERSION.") var reference: String
  @Option(
    help: ArgumentHelp("The repository that the cluster pulls from; else push.to in opz.yaml.", valueName: "host/repo"))
  var image: String?
  @Option(help: "What to write for.") var target = Target.kubernetes
  @Option(help: "The namespace of the objects.") var namespace: String?
  @Option(
    help: ArgumentHelp("The directory to write to, or - for one stream.", valueName: "dir"), completion: .directory)
  var output: String?
  @Flag(help: "An object: name, version, digest, image, output, files.") var json = false
  @OptionGroup var options: GlobalOptions

  struct Output: Encodable {
    let name: String
    let version: String
    let digest: String
    let image: String
    let output: String
    let files: [String]
  }

  func run() async throws {
    let session = options.session()
    let registry = try session.openRegistry()
    let version = try registry.find(LocalReference(parsing: reference))
    let record = version.record
    guard let place = image ?? record.pushTo else {
      throw FlowError(
        .usage, record.reference, "no image repository", hint: "opz deploy \(record.reference) --image HOST/REPO")
    }
    let repository = try Reference(parsing: place)
    let deploy = DeployVersion(version, image: repository, namespace: namespace, in: session)
    let result = try await deploy.manifests()
    for remark in result.remarks { options.note(remark) }
    if output == "-" {
      try await deploy.record(result, registry)
      return Console.data(result.stream)
    }
    let directory = output ?? "k8s-\(record.name.replacing("/", with: "-"))"
    try await deploy.write(result, to: session.path(directory), registry)
    let pinned = repository.pinned(to: record.image.digest).description
    if json {
      return try Console.json(
        Output(
          name: record.name, version: record.version, digest: record.image.digest.description, image: pinned,
          output: directory, files: result.files.map(\.name)))
    }
    for file in result.files { Console.line("\(directory)/\(file.name)") }
    options.note("the image is \(pinned)")
    options.note("apply with: kubectl apply -k \(directory)")
  }
}
