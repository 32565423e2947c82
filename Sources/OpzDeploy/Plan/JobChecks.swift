import OpzKubernetes

/// Rejects a `deploy.batch` section that could not run.
struct BatchChecks {
  let plan: DeploymentPlan
  let batch: DeploySettings.Batch

  func validate() throws {
    guard plan.server != .weights else {
      throw refuse("batch", "a model without a runtime cannot score", hint: "package it with runtime: {kind: native}")
    }
    if batch.command == nil {
      guard plan.server == .native else {
        throw refuse(
          "batch.command", "only opz-server has a default command", hint: "write command: [python, score.py]")
      }
      for (key, volume) in [("input", batch.input), ("output", batch.output)] where volume == nil {
        throw refuse("batch.\(key)", "missing", hint: "write \(key): {claim: NAME}, a PersistentVolumeClaim")
      }
    } else if batch.command?.first?.isEmpty ?? true {
      throw refuse("batch.command", "no program is named", hint: "write command: [python, score.py]")
    }
    for (key, value) in [("shards", batch.shards), ("parallelism", batch.parallelism)] {
      if let value, !(1...10_000).contains(value) { throw refuse("batch.\(key)", "\(value) is not from 1 to 10000") }
    }
    for (key, volume) in [("input", batch.input), ("output", batch.output)] {
      guard let path = volume?.path else { continue }
      let parts = path.split(separator: "/", omittingEmptySubsequences: false)
      guard !path.isEmpty, !path.hasPrefix("/"), !parts.contains(".."), !path.utf8.contains(where: { $0 < 32 }) else {
        throw refuse(
          "batch.\(key).path", "\"\(path.prefix(80))\" is not a path below the volume", hint: "write a relative path")
      }
    }
    try checkSchedule()
  }

  private func checkSchedule() throws {
    guard let schedule = batch.schedule else {
      guard batch.timeZone == nil else { throw refuse("batch.timeZone", "there is no schedule") }
      return
    }
    _ = try CronSchedule(schedule, key: "deploy.batch.schedule")
    if let zone = batch.timeZone { try CronSchedule.checkTimeZone(zone, key: "deploy.batch.timeZone") }
  }

  private func refuse(_ key: String, _ reason: String, hint: String? = nil) -> DeployError {
    DeployError(.badTarget, "deploy.\(key)", reason: reason, hint: hint)
  }
}

/// Rejects `deploy.schedules` that could not run.
struct ScheduleChecks {
  let plan: DeploymentPlan
  let schedules: [DeploySettings.Schedule]

  func validate() throws {
    guard !schedules.isEmpty else { return }
    guard plan.server != .weights else {
      throw DeployError(
        .badTarget, "deploy.schedules", reason: "a model without a runtime cannot run commands",
        hint: "package it with runtime: {kind: native}")
    }
    guard schedules.count <= ScheduledCommand.maximumCount else {
      throw DeployError(
        .badTarget, "deploy.schedules", reason: "\(schedules.count) are more than \(ScheduledCommand.maximumCount)")
    }
    var names: Set<String> = []
    for (index, schedule) in schedules.enumerated() {
      let key = "deploy.schedules.\(index)"
      try check(schedule, key)
      guard names.insert(schedule.name).inserted else {
        throw DeployError(.badName, "\(key).name", reason: "duplicate \(schedule.name)")
      }
    }
  }

  private func check(_ schedule: DeploySettings.Schedule, _ key: String) throws {
    try ScheduledCommand.checkName(schedule.name, key: "\(key).name")
    _ = try CronSchedule(schedule.cron, key: "\(key).cron")
    if let zone = schedule.timeZone { try CronSchedule.checkTimeZone(zone, key: "\(key).timeZone") }
    guard let program = schedule.command.first, !program.isEmpty else {
      throw DeployError(
        .badTarget, "\(key).command", reason: "no program is named", hint: "write command: [python, refresh.py]")
    }
    let ranges: [(String, Int?, ClosedRange<Int>)] = [
      ("deadline", schedule.deadline, ScheduledCommand.deadlines),
      ("timeout", schedule.timeout, ScheduledCommand.timeouts),
      ("retries", schedule.retries, ScheduledCommand.retries),
    ]
    for (name, value, range) in ranges {
      guard let value, !range.contains(value) else { continue }
      throw DeployError(
        .badTarget, "\(key).\(name)", reason: "\(value) is not from \(range.lowerBound) to \(range.upperBound)")
    }
    _ = try ScheduledCommand.plan(schedule, of: plan, key: key)
  }
}
