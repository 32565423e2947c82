import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("The examples of every help")
struct HelpExamplesTests {
  @Test("each of them runs in a directory that has what it names")
  func run() throws {
    let (registry, kubernetes) = (try RegistryServer(), try KubernetesServer())
    let work = try TemporaryDirectory()
    // The database names its artifacts by their path.
    try work.write("common/token", "token\n")
    try MLflowFixture.write(in: work, below: "common")
    let script = PackageRoot.path(#filePath).appending("Tests/OpzCLITests/Fixtures/help_examples.py")
    let python = Python.interpreter()
    let variables = [
      "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": work.path.string, "PYTHONDONTWRITEBYTECODE": "1",
    ].merging(kubernetes.environment) { $1 }
    let result = try ChildProcess.run(
      [
        python.string, script.string, BuiltPrograms.opz().string, BuiltPrograms.server().string, registry.host,
        python.removingLastComponent().string, work.path.string,
      ], environment: variables.map { "\($0.key)=\($0.value)" })
    #expect(result.status == 0, "\(result.text)\(result.errorText)")
  }
}
