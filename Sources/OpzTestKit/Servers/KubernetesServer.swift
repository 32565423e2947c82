public import OpzIO
public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The API server of `Tests/Kubernetes/api_server.py`, with the real kubectl as its client.
public final class KubernetesServer: Sendable {
  /// PyPI's kubectl, from the tests' Python environment.
  public static var kubectl: FilePath { Python.interpreter().removingLastComponent().appending("kubectl") }

  private let directory: TemporaryDirectory
  private let process: ChildProcess
  public let port: Int

  /// Starts the server with the namespaces `default` and `scoring`.
  /// - Throws: `MissingProgram` if Python or kubectl is missing, or if the server does not start.
  public init() throws {
    let (python, kubectl) = (Python.interpreter(), KubernetesServer.kubectl)
    for program in [python, kubectl] where (try? FileStatus.of(program)) == nil { throw MissingProgram("\(program)") }
    directory = try TemporaryDirectory()
    let script = PackageRoot.path().appending("Tests/Kubernetes/api_server.py")
    process = try ChildProcess.start(
      [python.string, script.string, directory.path.string], output: .discarded,
      errors: .file(directory.path.appending("errors")))
    let path = directory.path.appending("port")
    var found: Int?
    for _ in 0..<600 where found == nil {
      usleep(50_000)
      found = (try? FileBlob(path).bytes()).flatMap { Int(String(decoding: $0, as: UTF8.self)) }
    }
    guard let found else { throw MissingProgram("the API server of the tests did not come up, so Python") }
    port = found
    try directory.write(
      "kubeconfig",
      """
      apiVersion: v1
      kind: Config
      clusters: [{name: test, cluster: {server: "\(address)"}}]
      users: [{name: test, user: {}}]
      contexts: [{name: test, context: {cluster: test, user: test, namespace: scoring}}]
      current-context: test

      """)
  }

  deinit {
    process.send(signal: 9)
    process.wait()
  }

  public var address: String { "http://127.0.0.1:\(port)" }

  /// The environment variables by which opz and kubectl find the server.
  public var environment: [String: String] {
    [
      "KUBECONFIG": directory.path.appending("kubeconfig").string, "OPZ_KUBECTL": KubernetesServer.kubectl.string,
      "KUBECACHEDIR": directory.path.appending("cache").string,
    ]
  }

  /// Sets the server's behavior from now on: JSON, described at the top of the script.
  public func control(_ json: String) throws { try directory.write("control.json", json) }

  /// The changes requested so far, without dry runs: `PATCH opz-handover deployments/churn`, `DELETE services/churn`.
  public func changes() throws -> [String] {
    let path = directory.path.appending("requests")
    guard (try? FileStatus.of(path)) != nil else { return [] }
    let lines = String(decoding: try FileBlob(path).bytes(), as: UTF8.self).split(separator: "\n")
    return lines.compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 2, words[0] != "GET", !line.contains("dryRun") else { return nil }
      let parts = words[1].split(separator: "?")
      let name = parts[0].split(separator: "/").suffix(2).joined(separator: "/")
      let manager = parts.last?.split(separator: "&").first { $0.hasPrefix("fieldManager=") }?.dropFirst(13)
      return ([String(words[0])] + (manager.map { [String($0)] } ?? []) + [name]).joined(separator: " ")
    }
  }

  /// The successive replica counts of a Deployment.
  public func replicas(_ deployment: String) throws -> [Int] {
    let path = directory.path.appending("replicas")
    guard (try? FileStatus.of(path)) != nil else { return [] }
    return String(decoding: try FileBlob(path).bytes(), as: UTF8.self).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      return words.count == 2 && words[0] == deployment ? Int(words[1]) : nil
    }
  }

  /// Runs kubectl.
  @discardableResult
  public func kubectl(_ arguments: String..., input: String = "") throws -> ChildProcess.Output {
    var all = environment
    all["HOME"] = directory.path.string
    return try ChildProcess.run(
      [KubernetesServer.kubectl.string] + arguments, input: Array(input.utf8),
      environment: all.map { "\($0.key)=\($0.value)" })
  }

  /// The names of all objects of a kind in a namespace, sorted.
  public func names(_ kind: String, in namespace: String = "scoring") throws -> [String] {
    let text = try kubectl("get", kind, "-n", namespace, "-o", "name").text
    return text.split(separator: "\n").map { String($0.split(separator: "/").last ?? "") }.sorted()
  }

  /// A field of an object, as kubectl's JSONPath prints it: `.spec.replicas`.
  public func field(_ object: String, _ path: String, in namespace: String = "scoring") throws -> String {
    try kubectl("get", object, "-n", namespace, "--show-managed-fields", "-o", "jsonpath={\(path)}").text
  }
}
