import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("opz deploy")
struct DeployCommandTests {
  private var opz: Command

  /// No API server runs here: a script stands in for kubectl and keeps what it is given.
  init() throws {
    opz = try Command()
    let path = try opz.directory.write("kubectl", "#!/bin/sh\necho \"$@\" >>log\ncat >>log\n", mode: 0o755)
    opz.environment["OPZ_KUBECTL"] = path.string
    try project("1.0.0", "env: {A: b}, schedules: [{name: refresh, cron: \"@daily\", command: [/refresh]}]")
    try project("1.1.0", "env: {A: c}")
  }

  private func project(_ version: String, _ deploy: String) throws {
    try opz.directory.write("p/weights.bin", "weights \(version)")
    try opz.directory.write(
      "p/opz.yaml",
      """
      opz: 1
      name: churn
      version: \(version)
      model: {path: weights.bin}
      runtime: {kind: custom, base: scratch, command: [/serve], expose: 9000}
      deploy: {\(deploy)}

      """)
    try #require(opz("package", "p").status == 0)
  }

  private func deploy(_ version: String, _ more: String...) throws -> ChildProcess.Output {
    try opz.run(["deploy", "churn@\(version)", "--image", "registry.example/crm/churn"] + more)
  }

  private func log() throws -> String {
    let path = opz.directory.path.appending("log")
    let text = String(decoding: try FileBlob(path).bytes(), as: UTF8.self)
    try opz.directory.write("log", "")
    return text
  }

  @Test("settings that changed alone are told, shown and deployed; --settings FILE takes a file's")
  func settings() throws {
    #expect(try deploy("1.1.0", "--output", "-").errorText.contains("settings of opz.yaml packaged at "))
    try opz.directory.write(
      "p/opz.yaml",
      String(decoding: FileBlob(opz.directory.path.appending("p/opz.yaml")).bytes(), as: UTF8.self)
        .replacing("env: {A: c}", with: "env: {A: d}, replicas: {min: 3, max: 7}"))
    let plan = try opz("plan", "p", "--json")
    #expect(plan.text.contains("\"field\": \"deploy.env.A\"") && plan.text.contains("\"new\": 7"))
    let packaged = try opz("package", "p")
    #expect(packaged.status == 0, "\(packaged.errorText)")
    #expect(packaged.errorText.contains("churn@1.1.0 has this content already"))
    #expect(packaged.errorText.contains("  deploy.env.A: \"c\" -> \"d\"\n"))
    #expect(try opz("plan", "p").text.contains("settings that change") == false)
    let deployed = try deploy("1.1.0", "--output", "-")
    #expect(deployed.errorText.contains("(event ") && deployed.text.contains("maxReplicas: 7"))
    let file = try deploy("1.1.0", "--output", "-", "--settings", "q.yaml")
    #expect(file.status == 2 && file.errorText.contains("q.yaml"))
    try opz.directory.write(
      "q.yaml", "opz: 1\nname: churn\nmodel: {path: x}\ndeploy: {replicas: {min: 3, max: 9}}\n")
    let other = try deploy("1.1.0", "--output", "-", "--settings", "q.yaml")
    #expect(other.status == 0 && other.text.contains("maxReplicas: 9"), "\(other.errorText)")
    #expect(other.errorText.contains("settings of q.yaml\n"))
    #expect(try opz("show", "churn@1.1.0").text.contains("settings  settings of opz.yaml packaged at "))
    #expect(try opz("history", "churn").text.contains("deploy.env.A, deploy.replicas.max, deploy.replicas.min"))
  }

  @Test("--prune deletes what the last deploy of the place had, after the new objects were applied")
  func prune() throws {
    #expect(try deploy("1.0.0", "--apply", "--prune").status == 0)
    #expect(try log().contains("delete") == false)
    let named = try deploy("1.1.0", "--apply", "--namespace", "other")
    #expect(named.status == 0 && !named.errorText.contains("not deleted"))
    _ = try log()

    let result = try deploy("1.1.0", "--apply", "--prune")
    #expect(result.status == 0, "\(result.errorText)")
    let given = try log().split(separator: "delete --ignore-not-found --wait=false -f -\n")
    try #require(given.count == 2)
    #expect(given[0].hasPrefix("apply --server-side") && !given[0].contains("kind: CronJob"))
    let kinds = given[1].split(separator: "\n").filter { $0.hasPrefix("kind: ") }
    #expect(kinds == ["kind: NetworkPolicy", "kind: CronJob"])
    #expect(given[1].contains("  name: churn-refresh\n") && given[1].contains("  name: churn-schedules\n"))
    #expect(result.errorText.contains("no longer written, and not deleted: ConfigMap churn-"))
    #expect(!result.errorText.contains("not deleted: CronJob"))

    // What is deleted is deleted once.
    #expect(try deploy("1.1.0", "--apply", "--prune").status == 0)
    #expect(try log().contains("delete") == false)
  }

  @Test("a roll-back prunes what came since")
  func rollback() throws {
    #expect(try deploy("1.1.0", "--apply").status == 0)
    #expect(try deploy("1.0.0", "--apply").status == 0)
    _ = try log()
    #expect(try opz("rollback", "churn", "--deploy", "--prune").status == 64)
    let result = try opz("rollback", "churn", "--deploy", "--apply", "--prune")
    #expect(result.status == 0, "\(result.errorText)")
    let given = try log().split(separator: "delete --ignore-not-found --wait=false -f -\n")
    try #require(given.count == 2)
    #expect(given[1].contains("  name: churn-refresh\n") && !given[1].contains("kind: ConfigMap"))
    #expect(result.errorText.contains("not deleted: ConfigMap churn-") && !result.errorText.contains("CronJob"))
  }

  @Test("a delete that fails records nothing, so that the next one tries again")
  func again() throws {
    #expect(try deploy("1.0.0", "--apply").status == 0)
    try opz.directory.write("kubectl", "#!/bin/sh\ncat >/dev/null\ntest \"$1\" != delete\n", mode: 0o755)
    let failed = try deploy("1.1.0", "--apply", "--prune")
    #expect(failed.status == 1 && failed.errorText.contains("the same command again goes on"), "\(failed.errorText)")
    try opz.directory.write("kubectl", "#!/bin/sh\necho \"$@\" >>log\ncat >>log\n", mode: 0o755)
    #expect(try deploy("1.1.0", "--apply", "--prune").status == 0)
    #expect(try log().contains("name: churn-refresh"))
  }

  @Test("--prune without --apply is wrong usage")
  func usage() throws {
    let result = try deploy("1.0.0", "--prune")
    #expect(result.status == 64 && result.errorText.contains("--apply"))
  }

  @Test(
    "a file of an earlier deploy that would be applied with the others is named",
    arguments: [
      ("plain", "k/cronjob-refresh.yaml"), ("helm", "k/templates/cronjob-refresh.yaml"), ("kustomize", ""),
    ])
  func leftovers(form: String, name: String) throws {
    let first = try deploy("1.0.0", "--form", form, "--output", "k")
    #expect(first.status == 0 && !first.errorText.contains("was there before"))
    try opz.directory.write("k/notes.txt", "")
    let second = try deploy("1.1.0", "--form", form, "--output", "k")
    #expect(second.errorText.contains("was there before") == !name.isEmpty)
    #expect(second.errorText.contains("\(name) was there before and is not part of this deploy") == !name.isEmpty)
    #expect(!second.errorText.contains("notes.txt"))
  }
}
