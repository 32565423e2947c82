import OpzIO
import OpzTestKit
import SystemPackage
import Testing

@Suite("opz deploy")
struct DeployCommandTests {
  private var opz: Command
  /// The API server that the real kubectl talks to.
  private let server: KubernetesServer

  init() throws {
    opz = try Command()
    server = try KubernetesServer()
    opz.environment.merge(server.environment) { _, new in new }
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

  @Test("changed settings are reported, shown and deployed; --settings FILE uses those of a file")
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

  @Test("--prune deletes what earlier deploys left, after the new objects were applied")
  func prune() throws {
    #expect(try deploy("1.0.0", "--apply", "--prune").status == 0)
    #expect(try server.names("cronjobs") == ["churn-refresh"])
    #expect(try !server.changes().contains { $0.hasPrefix("DELETE") })
    let named = try deploy("1.1.0", "--apply", "--namespace", "default")
    #expect(named.status == 0 && !named.errorText.contains("not deleted"), "\(named.errorText)")

    let kept = try deploy("1.1.0", "--apply")
    #expect(kept.errorText.contains("no longer in the manifests, and not deleted: CronJob churn-refresh"))
    let before = try server.changes().count
    let result = try deploy("1.1.0", "--apply", "--prune")
    #expect(result.status == 0, "\(result.errorText)")
    let changes = try server.changes().dropFirst(before)
    #expect(
      changes.filter { $0.hasPrefix("DELETE") } == [
        "DELETE networkpolicies/churn-schedules", "DELETE cronjobs/churn-refresh",
      ])
    #expect(changes.suffix(2).allSatisfy { $0.hasPrefix("DELETE") })
    #expect(result.errorText.contains("no longer in the manifests, and not deleted: ConfigMap churn-"))
    #expect(!result.errorText.contains("not deleted: CronJob"))

    // An object is deleted only once.
    let count = try server.changes().filter { $0.hasPrefix("DELETE") }.count
    #expect(try deploy("1.1.0", "--apply", "--prune").status == 0)
    #expect(try server.changes().filter { $0.hasPrefix("DELETE") }.count == count)
  }

  @Test("a rollback prunes what was added since")
  func rollback() throws {
    #expect(try deploy("1.1.0", "--apply").status == 0)
    #expect(try deploy("1.0.0", "--apply").status == 0)
    #expect(try opz("rollback", "churn", "--deploy", "--prune").status == 64)
    #expect(try opz("rollback", "churn", "--deploy", "--timeout", "9").status == 64)
    let result = try opz("rollback", "churn", "--deploy", "--apply", "--prune")
    #expect(result.status == 0, "\(result.errorText)")
    #expect(try server.names("cronjobs") == [])
    #expect(
      result.errorText.contains("not deleted: ConfigMap churn-") && !result.errorText.contains("not deleted: CronJob"))
    #expect(result.errorText.contains("churn in scoring of \(server.address): back from 1.0.0 to 1.1.0"))
  }

  @Test("if a delete fails, the deploy is incomplete, and the same command continues it")
  func again() throws {
    #expect(try deploy("1.0.0", "--apply").status == 0)
    try server.control(#"{"faults": [{"verb": "DELETE", "status": 500, "message": "etcdserver: request timed out"}]}"#)
    let failed = try deploy("1.1.0", "--apply", "--prune")
    #expect(
      failed.status == 1 && failed.errorText.contains("run the same command again to continue"), "\(failed.errorText)")
    #expect(try opz("history", "churn").text.contains("outcome=failed applied="))
    try server.control("{}")
    #expect(try deploy("1.1.0", "--apply", "--prune").status == 0)
    #expect(try server.names("cronjobs") == [])
  }

  @Test("opz killed while it applies leaves an attempt, and a rollback goes to the last complete deploy")
  func killed() throws {
    #expect(try deploy("1.0.0", "--apply").status == 0)
    #expect(try deploy("1.1.0", "--apply").status == 0)
    var killer = opz
    let path = try opz.directory.write(
      "kubectl",
      """
      #!/bin/sh
      case "$*" in
      *dry-run*|config*|get*) exec \(KubernetesServer.kubectl) "$@";;
      esac
      kill -9 $PPID

      """, mode: 0o755)
    killer.environment["OPZ_KUBECTL"] = path.string
    let result = try killer.run(["deploy", "churn@1.0.0", "--image", "registry.example/crm/churn", "--apply"])
    #expect(result.status == 128 + 9)
    #expect(try opz("history", "churn").text.contains("attempt=true"))
    let back = try opz("rollback", "churn", "--deploy", "--apply", "--json")
    #expect(back.status == 0 && back.text.contains("\"version\": \"1.1.0\""), "\(back.text) \(back.errorText)")
  }

  @Test("exit codes say what is wrong")
  func codes() throws {
    for (control, code) in [
      (#"{"faults": [{"status": 401, "message": "Unauthorized"}]}"#, 6),
      (
        #"{"faults": [{"resource": "services", "status": 403, "message": "admission webhook \"p\" denied the request: no"}]}"#,
        5
      ),
      (#"{"missing": ["autoscaling"]}"#, 2),
    ] as [(String, Int32)] {
      try server.control(control)
      let result = try deploy("1.0.0", "--apply")
      #expect(result.status == code && result.errorText.contains("hint: "), "\(result.errorText)")
    }
    try server.control("{}")
    #expect(try server.changes() == [])
    #expect(try opz("rollback", "churn", "--deploy").status == 2)
  }

  @Test("--diff names objects in the cluster that are no longer written, and changes nothing")
  func diff() throws {
    #expect(try deploy("1.0.0", "--apply").status == 0)
    let before = try server.changes()
    let result = try deploy("1.1.0", "--diff")
    #expect(
      result.status == 0
        && result.errorText.contains("in the cluster, but no longer in the manifests: CronJob churn-refresh"))
    #expect(result.errorText.contains("changes since the last deploy of scoring of \(server.address)"))
    #expect(try server.changes() == before)
  }

  @Test("--prune without --apply is wrong usage")
  func usage() throws {
    let result = try deploy("1.0.0", "--prune")
    #expect(result.status == 64 && result.errorText.contains("--apply"))
    #expect(try deploy("1.0.0", "--timeout", "5").status == 64)
    #expect(try deploy("1.0.0", "--apply", "--timeout", "0").status == 64)
  }

  @Test(
    "a leftover file of an earlier deploy, which would be applied too, is named",
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
