import OpzYAML

/// Batch scoring: an Indexed Job with a pod for each shard of the input, or a CronJob that creates such Jobs.
struct ScoringJob: YAMLEncodable {
  let plan: DeploymentPlan
  let names: PlanNames
  let batch: DeploySettings.Batch

  /// The longest name: a CronJob's Jobs append the minute, and their pods the index, within 63 characters.
  static let nameLimit = 46

  private var shards: Int { batch.shards ?? 1 }

  var yaml: YAMLValue {
    let metadata = names.metadata(annotations: names.annotations)
    guard let schedule = batch.schedule else {
      return KubernetesObject(apiVersion: "batch/v1", kind: "Job", metadata: metadata, body: [.init("spec", spec)]).yaml
    }
    let body = YAMLValue.map(
      .init("schedule", .text(schedule)), batch.timeZone.map { .init("timeZone", .text($0)) },
      .init("concurrencyPolicy", .text("Forbid"), comment: "A run that is late is not joined by the next."),
      .init("startingDeadlineSeconds", .integer(3600)),
      .init("successfulJobsHistoryLimit", .integer(3)), .init("failedJobsHistoryLimit", .integer(3)),
      .init("jobTemplate", .map(.init("metadata", .map(.init("labels", .texts(names.labels)))), .init("spec", spec))))
    return KubernetesObject(apiVersion: "batch/v1", kind: "CronJob", metadata: metadata, body: [.init("spec", body)])
      .yaml
  }

  private var spec: YAMLValue {
    .map(
      .init("completionMode", .text("Indexed")),
      .init("completions", .integer(shards)),
      .init("parallelism", .integer(min(batch.parallelism ?? shards, shards))),
      .init(
        "backoffLimit", .integer(max(6, shards &* 2)),
        comment: "A shard can be done again: its file appears when it is whole."),
      .init("ttlSecondsAfterFinished", .integer(604_800)),
      .init("podFailurePolicy", .map(.init("rules", .list(rules)))),
      .init(
        "template",
        .map(
          .init("metadata", .map(.init("labels", .texts(names.labels)))),
          .init("spec", PodSpec(plan: plan, names: names, role: .scoring).yaml))))
  }

  private var rules: [YAMLValue] {
    let drained = YAMLValue.map(
      .init("action", .text("Ignore"), comment: "A node that is drained is nobody's fault."),
      .init("onPodConditions", .list([.map(.init("type", .text("DisruptionTarget")), .init("status", .text("True")))])))
    let usage = YAMLValue.map(
      .init("action", .text("FailJob"), comment: "Wrong usage (64) will not be right another time."),
      .init(
        "onExitCodes",
        .map(
          .init("containerName", .text("score")), .init("operator", .text("In")),
          .init("values", .list([.integer(64)])))),
      .init("onPodConditions", .list([]), comment: "Nothing, but Kubernetes 1.27 wants the key."))
    return [drained, usage]
  }
}

/// The volumes of a scoring job: the input tables and the output scores.
struct Volumes {
  static let input = "/data/input"
  static let output = "/data/output"

  let batch: DeploySettings.Batch

  private var all: [(name: String, place: String, volume: DeploySettings.Volume, isReadOnly: Bool)] {
    [("input", Volumes.input, batch.input, true), ("output", Volumes.output, batch.output, false)].compactMap {
      name, place, volume, isReadOnly in volume.map { (name, place, $0, isReadOnly) }
    }
  }

  var mounts: [YAMLValue] {
    all.map { name, place, volume, isReadOnly in
      .map(
        .init("name", .text(name)), .init("mountPath", .text(place)),
        volume.path.map { .init("subPath", .text($0)) }, isReadOnly ? .init("readOnly", .bool(true)) : nil)
    }
  }

  var volumes: [YAMLValue] {
    all.map { name, _, volume, isReadOnly in
      .map(
        .init("name", .text(name)),
        .init(
          "persistentVolumeClaim",
          .map(
            .init("claimName", .text(volume.claim)), isReadOnly ? .init("readOnly", .bool(true)) : nil)))
    }
  }
}
