import OpzYAML

/// Collects the objects of a plan, and the remarks on them.
struct ObjectList {
  let plan: DeploymentPlan
  let names: PlanNames
  private(set) var objects: [Manifests.Object] = []
  private(set) var extras: [Manifests.File] = []
  private(set) var remarks: [String] = []

  init(_ plan: DeploymentPlan) throws {
    self.plan = plan
    names = try PlanNames(plan)
  }

  /// Adds the objects of a server.
  /// - Parameter other: another version with which it shares the requests.
  mutating func serve(beside other: DeploymentPlan?) throws {
    addNamespace()
    if let other { try check(other) }
    switch plan.target {
    case .kubernetes, .keda: try addDeployments(other)
    case .knative: try addKnative(other)
    case .kserve: try addKServe()
    }
    if plan.settings.resources?.gpu != nil, plan.server == .native {
      remarks.append("opz-server computes on the CPU: its GPU would be idle")
    }
    addLeftOut()
    try addSchedules(other)
    if plan.settings.batch != nil { remarks.append("deploy.batch is written by --batch, as objects of their own") }
  }

  /// Adds the Job or CronJob of `deploy.batch`.
  mutating func score() throws {
    guard let batch = plan.settings.batch else {
      throw DeployError(
        .badTarget, "deploy.batch", "there is none in opz.yaml of \(plan.model)@\(plan.version)",
        hint: "write batch: {input: {claim: tables}, output: {claim: scores}}")
    }
    try BatchChecks(plan: plan, batch: batch).validate()
    addNamespace()
    var names = try PlanNames(plan, limit: ScoringJob.nameLimit - 6).batch()
    names = batch.schedule == nil ? try names.batch(of: plan) : names
    add("serviceaccount", ServiceAccount(names: names))
    addConfigMap(plan, names)
    add(batch.schedule == nil ? "job" : "cronjob", ScoringJob(plan: plan, names: names, batch: batch))
    add("networkpolicy", NetworkPolicy(plan: plan, names: names, selector: names.selector, place: .job))
  }

  // MARK: Parts

  private mutating func add(_ stem: String, _ object: some YAMLEncodable, side: String? = nil) {
    objects.append(Manifests.Object(side.map { "\(stem)-\($0)" } ?? stem, object.yaml))
  }

  private mutating func addNamespace() {
    guard let wanted = plan.settings.namespace, let name = plan.namespace else { return }
    add("namespace", Namespace(name: name))
    guard let quota = wanted.quota else { return }
    add("resourcequota", ResourceQuota(quota: quota, names: names))
    add("limitrange", LimitRange(plan: plan, names: names))
  }

  private mutating func addConfigMap(_ plan: DeploymentPlan, _ names: PlanNames, side: String? = nil) {
    guard let values = plan.settings.env, !values.isEmpty else { return }
    add("configmap", ConfigMap(values: values, names: names), side: side)
  }

  private func check(_ other: DeploymentPlan) throws {
    guard plan.settings.rollout != nil else {
      throw DeployError(
        .badTarget, "deploy.rollout",
        "two versions share requests by weight, and opz.yaml of \(plan.version) has no rollout",
        hint: "write rollout: {strategy: canary, weight: 10, gateway: NAMESPACE/NAME}")
    }
    guard other.model == plan.model, other.version != plan.version else {
      throw DeployError(
        .badTarget, "--beside", "\(other.model)@\(other.version) is not another version of \(plan.model)")
    }
  }

  // MARK: Kubernetes and KEDA

  private mutating func addDeployments(_ other: DeploymentPlan?) throws {
    var backends: [(service: String, weight: Int)] = []
    let weight =
      other == nil ? 100 : plan.settings.rollout?.weight ?? (plan.settings.rollout?.strategy == .canary ? 10 : 0)
    if var other {
      // The names of both sides contain the version, whatever the other version's opz.yaml says.
      other.settings.rollout = plan.settings.rollout
      other.target = plan.target
      other.namespace = plan.namespace
      let names = try PlanNames(other)
      addSide(other, names)
      backends.append((names.name, 100 - weight))
    }
    addSide(plan, names)
    guard plan.isSided else { return addAdapterRules() }
    backends.append((names.name, weight))
    add("httproute", HTTPRoute(plan: plan, names: names, backends: backends))
    remarks.append("of 100 requests " + backends.map { "\($0.weight) go to \($0.service)" }.joined(separator: ", "))
    addAdapterRules()
  }

  private mutating func addSide(_ plan: DeploymentPlan, _ names: PlanNames) {
    let side = plan.isSided ? names.name : nil
    add("serviceaccount", ServiceAccount(names: names), side: side)
    addConfigMap(plan, names, side: side)
    add("deployment", Deployment(plan: plan, names: names), side: side)
    add("service", Service(names: names), side: side)
    addAutoscaler(plan, names, side: side)
    addBudget(plan, names, names.selector, side: side)
    add("networkpolicy", NetworkPolicy(plan: plan, names: names, selector: names.selector), side: side)
    if plan.settings.vpa == true { add("verticalpodautoscaler", VerticalPodAutoscaler(names: names), side: side) }
    addMonitoring(plan, names, side: side)
    addSpare(plan)
  }

  private mutating func addAutoscaler(_ plan: DeploymentPlan, _ names: PlanNames, side: String?) {
    guard plan.scales else {
      let kind = plan.target == .keda ? "ScaledObject" : "HorizontalPodAutoscaler"
      return remarks.append(
        "min and max are both \(plan.minReplicas): no \(kind), the Deployment has replicas")
    }
    if plan.target == .keda {
      add("scaledobject", ScaledObject(plan: plan, names: names), side: side)
    } else {
      add("horizontalpodautoscaler", HorizontalPodAutoscaler(plan: plan, names: names), side: side)
    }
  }

  private mutating func addBudget(
    _ plan: DeploymentPlan, _ names: PlanNames, _ selector: [String: String], side: String? = nil
  ) {
    guard plan.hasBudget else { return }
    guard plan.minReplicas >= 2 else {
      let number = plan.minReplicas == 0 ? "less than two replicas" : "one replica"
      return remarks.append("with \(number) a PodDisruptionBudget would block every drain: there is none")
    }
    add("poddisruptionbudget", PodDisruptionBudget(names: names, selector: selector), side: side)
  }

  private mutating func addMonitoring(_ plan: DeploymentPlan, _ names: PlanNames, side: String? = nil) {
    guard plan.settings.monitoring?.enabled == true else { return }
    guard plan.server == .native else {
      return remarks.append("only opz-server's metrics are known: no ServiceMonitor and no PrometheusRule")
    }
    if plan.target.hasDeployment { add("servicemonitor", ServiceMonitor(plan: plan, names: names), side: side) }
    add("prometheusrule", PrometheusRule(plan: plan, names: names), side: side)
  }

  private mutating func addSpare(_ plan: DeploymentPlan) {
    guard let gpu = plan.settings.resources?.gpu else { return }
    let resource = gpu.resource ?? "nvidia.com/gpu"
    remarks.append("a rollout adds pods before it takes any away: it needs free nodes with \(gpu.count) \(resource)")
  }

  private mutating func addAdapterRules() {
    let scale = plan.settings.autoscale
    guard plan.target == .kubernetes, plan.scales, scale?.concurrency != nil || scale?.rps != nil else { return }
    extras.append(Manifests.File("prometheus-adapter-values.yaml", YAMLWriter.write(AdapterRules().yaml)))
    remarks.append("the autoscaler needs prometheus-adapter with the rules of prometheus-adapter-values.yaml")
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
    add("networkpolicy-schedules", NetworkPolicy(plan: plan, names: all, selector: all.selector, place: .command))
    if other != nil { remarks.append("the scheduled commands are those of \(plan.version), which serves") }
  }

  // MARK: Knative and KServe

  /// Notes that Knative and KServe have their own limits on how fast replicas change.
  private mutating func addLeftOut() {
    guard !plan.target.hasDeployment, let scale = plan.settings.autoscale else { return }
    var down = scale.down
    if plan.target == .knative, plan.cpuTarget == nil, scale.memory == nil { down?.window = nil }
    guard scale.up ?? .init() != .init() || down ?? .init() != .init() else { return }
    remarks.append(
      "\(plan.target.rawValue) has limits of its own: deploy.autoscale.up and down are left out"
        + (down == scale.down ? "" : ", but for down.window"))
  }

  private mutating func addKnative(_ other: DeploymentPlan?) throws {
    var service = KnativeService(plan: plan, names: names)
    if var other {
      other.settings.rollout = plan.settings.rollout
      other.target = .knative
      let weight = plan.settings.rollout?.weight ?? (plan.settings.rollout?.strategy == .canary ? 10 : 0)
      service.beside = (try KnativeService.revision(other, PlanNames(other)), weight)
      remarks.append("the revision of \(other.version) must exist: Knative keeps one that it was told of by name")
    }
    add("serviceaccount", ServiceAccount(names: names))
    addConfigMap(plan, names)
    add("service", service)
    let selector = ["serving.knative.dev/service": names.name]
    add("networkpolicy", NetworkPolicy(plan: plan, names: names, selector: selector))
    addMonitoring(plan, names)
    if plan.settings.autoscale?.concurrency == nil, plan.settings.autoscale?.rps == nil, plan.cpuTarget == nil {
      remarks.append(
        "no concurrency was measured or set: the aim is \(plan.knativeConcurrency) requests in flight, 8 a core")
    }
    addKnativeLimits()
  }

  private mutating func addKnativeLimits() {
    if plan.settings.resources?.gpu != nil { remarks.append("Knative must have \(PodSpec.features) enabled") }
    if plan.settings.priorityClass != nil || plan.settings.spread != nil {
      remarks.append("Knative takes neither priorityClass nor spread unless features are enabled: they are left out")
    }
  }

  private mutating func addKServe() throws {
    if plan.settings.rollout != nil {
      throw DeployError(
        .badTarget, "deploy.rollout", "KServe ignores a canary's weight in its Standard mode (kserve #4074)",
        hint: "use --target kubernetes with a Gateway, or knative; or leave rollout out")
    }
    if plan.server == .weights, plan.modelFormat == nil {
      throw DeployError(
        .badTarget, "\(plan.model)@\(plan.version)", "KServe finds a server by the model's format, which is not known",
        hint: "package it with a server: runtime: {kind: custom, base: ..}")
    }
    add("serviceaccount", ServiceAccount(names: names))
    addConfigMap(plan, names)
    add("inferenceservice", InferenceService(plan: plan, names: names))
    let selector = ["serving.kserve.io/inferenceservice": names.name]
    if plan.isKnativeMode { addKnativeLimits() } else { addBudget(plan, names, selector) }
    add("networkpolicy", NetworkPolicy(plan: plan, names: names, selector: selector))
    addMonitoring(plan, names)
  }
}
