/// OPZ608: more threads than the CPU limit allows to run.
struct ThreadsAboveLimit: Rule {
  let about = RuleAbout(
    code: "OPZ608", severity: .warning, title: "more threads than the CPU limit",
    why: """
      The kernel gives a container limit * 100 ms of CPU time in each period of 100 ms. t busy threads use that up
      after limit / t of the period, and then all of them stall until the next one, so the slowest requests take
      longer. Numeric libraries start `OMP_NUM_THREADS` threads in each worker.
      """,
    remedy: "set OMP_NUM_THREADS * workers to at most the limit, or remove the CPU limit",
    wrong: Example.deployment("env: [{name: OMP_NUM_THREADS, value: \"8\"}]\nresources: {limits: {cpu: \"2\"}}"),
    right: Example.deployment("env: [{name: OMP_NUM_THREADS, value: \"2\"}]\nresources: {limits: {cpu: \"2\"}}"))

  private static let variables = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPZ_THREADS"]

  func check(_ set: ObjectSet, _ found: inout Findings) {
    for workload in set.workloads {
      for container in workload.main {
        guard let limit = container.limit("cpu"), limit.milli > 0,
          let name = ThreadsAboveLimit.variables.first(where: { container.environment[$0]?.int != nil }),
          let node = container.environment[name], let threads = node.int, (1...100_000).contains(threads)
        else { continue }
        let workers = ServerWorkers(container, annotation: workload.annotation("opz.dev/workers"))?.workers ?? 1
        let busy = threads * workers
        guard Int64(busy) * 1000 > max(1000, limit.milli) else { continue }
        let times = workers > 1 ? "\(workers) workers * \(threads) threads = \(busy)" : "\(threads) threads"
        let share = Double(limit.milli) / Double(busy) / 10
        found.add(
          workload.object, node,
          message:
            "\(container.name): \(times) with a limit of \(limit.text): they run for \(Decimal.text(share)) of each 100 ms and then wait"
        )
      }
    }
  }
}
