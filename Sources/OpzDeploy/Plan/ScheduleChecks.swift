import OpzKubernetes

/// Rejects `deploy.schedules` that could not run.
struct ScheduleChecks {
  let plan: DeploymentPlan
  let schedules: [DeploySettings.Schedule]

  func validate() throws {
    guard !schedules.isEmpty else { return }
    guard plan.server != .weights else {
      throw DeployError(
        .badTarget, "deploy.schedules", "a model without a runtime runs nothing",
        hint: "package it with runtime: {kind: native}")
    }
    guard schedules.count <= ScheduledCommand.most else {
      throw DeployError(.badTarget, "deploy.schedules", "\(schedules.count) are more than \(ScheduledCommand.most)")
    }
    var names: Set<String> = []
    for (index, schedule) in schedules.enumerated() {
      let key = "deploy.schedules.\(index)"
      try check(schedule, key)
      guard names.insert(schedule.name).inserted else {
        throw DeployError(.badName, "\(key).name", "\(schedule.name) is there twice")
      }
    }
  }

  private func check(_ schedule: DeploySettings.Schedule, _ key: String) throws {
    try ScheduledCommand.checkName(schedule.name, key: "\(key).name")
    _ = try CronSchedule(schedule.cron, key: "\(key).cron")
    if let zone = schedule.timeZone { try CronSchedule.checkTimeZone(zone, key: "\(key).timeZone") }
    guard let program = schedule.command.first, !program.isEmpty else {
      throw DeployError(
        .badTarget, "\(key).command", "no program is named", hint: "write command: [python, refresh.py]")
    }
    let ranges: [(String, Int?, ClosedRange<Int>)] = [
      ("deadline", schedule.deadline, ScheduledCommand.deadlines),
      ("timeout", schedule.timeout, ScheduledCommand.timeouts),
      ("retries", schedule.retries, ScheduledCommand.retries),
    ]
    for (name, value, range) in ranges {
      guard let value, !range.contains(value) else { continue }
      throw DeployError(
        .badTarget, "\(key).\(name)", "\(value) is not from \(range.lowerBound) to \(range.upperBound)")
    }
    _ = try ScheduledCommand.plan(schedule, of: plan, key: key)
  }
}
