import OpzYAML

/// Collects the objects of a plan, and the remarks on them.
struct ObjectList {
  let plan: DeploymentPlan
  let names: PlanNames
  private(set) var objects: [Manifests.Object] = []
  var extras: [Manifests.File] = []
  var remarks: [String] = []

  init(_ plan: DeploymentPlan) throws {
    self.plan = plan
    names = try PlanNames(plan)
  }

  /// Adds the objects of a server.
  /// - Parameter other: another version with which it shares the requests.
  mutating func serve(alongside other: DeploymentPlan?) throws {
    addNamespace()
    if let other { try check(other) }
    try plan.target.addObjects(&self, other)
    if plan.settings.resources?.gpu != nil, plan.server == .native {
      remarks.append("opz-server computes on the CPU: its GPU would be idle")
    }
    if let reason = plan.memoryReason {
      remarks.append("each pod gets \(plan.memory) of memory: \(reason); deploy.resources.memory says another")
    }
    noteOmittedLimits()
    try addSchedules(other)
    if plan.settings.batch != nil { remarks.append("deploy.batch is not included: --batch writes its objects") }
  }

  /// Adds the Job or CronJob of `deploy.batch`.
  mutating func score() throws {
    guard let batch = plan.settings.batch else {
      throw DeployError(
        .badTarget, "deploy.batch", reason: "opz.yaml of \(plan.model)@\(plan.version) has no batch",
        hint: "write batch: {input: {claim: tables}, output: {claim: scores}}")
    }
    try BatchChecks(plan: plan, batch: batch).validate()
    addNamespace()
    var names = try PlanNames(plan, limit: ScoringJob.nameLimit - 6).batch()
    names = batch.schedule == nil ? try names.batch(of: plan) : names
    add("serviceaccount", ServiceAccount(names: names))
    addConfigMap(plan, names)
    add(batch.schedule == nil ? "job" : "cronjob", ScoringJob(plan: plan, names: names, batch: batch))
    add("networkpolicy", NetworkPolicy(plan: plan, names: names, selector: names.selector, role: .scoring))
  }

  // MARK: Parts

  mutating func add(_ stem: String, _ object: some YAMLEncodable, side: String? = nil) {
    objects.append(Manifests.Object(side.map { "\(stem)-\($0)" } ?? stem, object.yaml))
  }

  private mutating func addNamespace() {
    guard let wanted = plan.settings.namespace, let name = plan.namespace else { return }
    add("namespace", Namespace(name: name))
    guard let quota = wanted.quota else { return }
    add("resourcequota", ResourceQuota(quota: quota, names: names))
    add("limitrange", LimitRange(plan: plan, names: names))
  }

  mutating func addConfigMap(_ plan: DeploymentPlan, _ names: PlanNames, side: String? = nil) {
    guard let values = plan.settings.env, !values.isEmpty else { return }
    add("configmap", ConfigMap(values: values, names: names), side: side)
  }

  private func check(_ other: DeploymentPlan) throws {
    guard plan.settings.rollout != nil else {
      throw DeployError(
        .badTarget, "deploy.rollout",
        reason: "two versions share requests by weight, and opz.yaml of \(plan.version) has no rollout",
        hint: "write rollout: {strategy: canary, weight: 10, gateway: NAMESPACE/NAME}")
    }
    guard other.model == plan.model, other.version != plan.version else {
      throw DeployError(
        .badTarget, "--beside", reason: "\(other.model)@\(other.version) is not another version of \(plan.model)")
    }
  }

  mutating func addBudget(
    _ plan: DeploymentPlan, _ names: PlanNames, selector: [String: String], side: String? = nil
  ) {
    guard plan.hasBudget else { return }
    guard plan.minReplicas >= 2 else {
      let number = plan.minReplicas == 0 ? "less than two replicas" : "one replica"
      return remarks.append("no PodDisruptionBudget is written: with \(number) it would block every drain")
    }
    add("poddisruptionbudget", PodDisruptionBudget(names: names, selector: selector), side: side)
  }

  mutating func addMonitoring(_ plan: DeploymentPlan, _ names: PlanNames, side: String? = nil) {
    guard plan.settings.monitoring?.enabled == true else { return }
    guard plan.server.isOpzServer else {
      return remarks.append("no ServiceMonitor or PrometheusRule is written: only opz-server's metrics are known")
    }
    if plan.target.hasDeployment { add("servicemonitor", ServiceMonitor(plan: plan, names: names), side: side) }
    add("prometheusrule", PrometheusRule(plan: plan, names: names), side: side)
  }

  /// With two versions, only the one that already serves runs the scheduled commands, so that none runs twice.
  private mutating func addSchedules(_ other: DeploymentPlan?) throws {
    var (plan, names) = (plan, names)
    if var other {
      other.settings.rollout = plan.settings.rollout
      other.target = plan.target
      other.namespace = plan.namespace
      (plan, names) = (other, try PlanNames(other))
    }
    let schedules = plan.settings.schedules ?? []
    guard !schedules.isEmpty else { return }
    try ScheduleChecks(plan: plan, schedules: schedules).validate()
    for schedule in schedules {
      add("cronjob-\(schedule.name)", try ScheduledCommand(schedule, of: plan, names))
    }
    let all = try names.schedule(nil)
    add("networkpolicy-schedules", NetworkPolicy(plan: plan, names: all, selector: all.selector, role: .command))
    if other != nil { remarks.append("the scheduled commands are those of \(plan.version), which serves") }
  }

  /// Notes the limits of `deploy.autoscale` that a target replaces by its own.
  private mutating func noteOmittedLimits() {
    guard let scale = plan.settings.autoscale else { return }
    var down = scale.down
    switch plan.target.honoredLimits(plan) {
    case .all: return
    case .downWindow: down?.window = nil
    case .none: break
    }
    guard scale.up ?? .init() != .init() || down ?? .init() != .init() else { return }
    remarks.append(
      "\(plan.target) has its own limits: deploy.autoscale.up and down are ignored"
        + (down == scale.down ? "" : ", except for down.window"))
  }
}
