import OpzKubernetes
public import OpzYAML

/// A command of the version's image that runs on a schedule: a CronJob (batch/v1) with the server's variables,
/// Secrets and restrictions.
public struct ScheduledCommand: YAMLEncodable {
  let plan: DeploymentPlan
  /// The names of the server's objects, whose ServiceAccount and ConfigMap the command shares.
  let server: PlanNames
  let names: PlanNames
  let schedule: DeploySettings.Schedule

  /// The longest name of a CronJob: its Jobs append eleven characters, and have at most 63.
  public static let nameLimit = 52
  /// The maximum number of commands of a model.
  public static let maximumCount = 100
  /// Seconds. The controller checks every ten seconds, so with less it would skip runs that are on time.
  public static let deadlines = 10...604_800
  /// Seconds that a run may take.
  public static let timeouts = 1...604_800
  /// How often a failed run may be retried.
  public static let retries = 0...100
  static let component = "schedule"

  init(_ schedule: DeploySettings.Schedule, of plan: DeploymentPlan, _ server: PlanNames) throws {
    self.schedule = schedule
    self.server = server
    self.plan = try ScheduledCommand.plan(schedule, of: plan, key: "deploy.schedules.\(schedule.name)")
    names = try server.schedule(schedule.name)
  }

  /// Checks the name of a command, which is part of the CronJob's name and a label value.
  /// - Throws: `KubernetesError` or `DeployError` with the code `badName`.
  public static func checkName(_ name: String, key: String) throws {
    try ObjectName.check(name, key: key)
    guard name.utf8.count <= nameLimit - 12 else {
      throw DeployError(
        .badName, key,
        reason: "\"\(name)\" has \(name.utf8.count) characters, and a CronJob's name has room for \(nameLimit - 12)",
        hint: "the CronJob's name also contains the model's name, and its Jobs' names the time of the run")
    }
    guard name != "score" else {
      throw DeployError(
        .badName, key, reason: "score is reserved for deploy.batch's CronJob", hint: "choose another name")
    }
  }

  /// The plan with the command's own resources instead of the server's.
  static func plan(
    _ schedule: DeploySettings.Schedule, of plan: DeploymentPlan, key: String
  ) throws -> DeploymentPlan {
    var plan = plan
    let own = schedule.resources
    if let cpu = own?.cpu { plan.cpu = try Quantity(cpu, key: "\(key).resources.cpu") }
    if let memory = own?.memory { plan.memory = try Quantity(memory, key: "\(key).resources.memory") }
    // The command does not inherit the server's GPU, which it would take from the server.
    plan.settings.resources = own?.gpu.map { .init(gpu: $0) }
    try plan.checkGPU(key: "\(key).resources.gpu")
    plan.settings.batch = .init(command: schedule.command)
    // The server keeps its priority over the command.
    plan.settings.priorityClass = nil
    return plan
  }

  public var yaml: YAMLValue {
    let policy = (schedule.concurrency ?? .forbid).rawValue
    let spec = YAMLValue.map(
      .init("schedule", .text(schedule.cron)), schedule.timeZone.map { .init("timeZone", .text($0)) },
      .init("concurrencyPolicy", .text(policy.prefix(1).uppercased() + policy.dropFirst())),
      .init("startingDeadlineSeconds", .integer(schedule.deadline ?? 3600)),
      .init("successfulJobsHistoryLimit", .integer(3)), .init("failedJobsHistoryLimit", .integer(3)),
      .init("jobTemplate", .map(.init("metadata", labels), .init("spec", job))))
    return KubernetesObject(
      apiVersion: "batch/v1", kind: "CronJob", metadata: names.metadata(annotations: names.annotations),
      body: [.init("spec", spec)]
    ).yaml
  }

  private var labels: YAMLValue { .map(.init("labels", .texts(names.labels))) }

  private var job: YAMLValue {
    let drained = YAMLValue.map(
      .init("action", .text("Ignore"), comment: "A node that is drained is nobody's fault."),
      .init("onPodConditions", .list([.map(.init("type", .text("DisruptionTarget")), .init("status", .text("True")))])))
    let comment = schedule.timeout == nil ? "A run that hangs would hold up all that follow." : nil
    return .map(
      .init("backoffLimit", .integer(schedule.retries ?? 2)),
      .init("activeDeadlineSeconds", .integer(schedule.timeout ?? 86_400), comment: comment),
      .init("podFailurePolicy", .map(.init("rules", .list([drained])))),
      .init(
        "template",
        .map(
          .init("metadata", labels), .init("spec", PodSpec(plan: plan, names: server, role: .command).yaml))))
  }
}
