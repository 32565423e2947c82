package import OpzInference

/// What a pool counts.
struct PoolValues: Sendable {
  /// Why a worker ended that was not asked to.
  enum Cause: String, CaseIterable, Sendable {
    case exit, signal, hang, memory, `protocol`
  }

  var starts: UInt64 = 0
  var failedStarts: UInt64 = 0
  var deaths: [Cause: UInt64] = [:]
  /// Workers that were replaced because of their memory.
  var recycled: UInt64 = 0
  /// Requests that were run again because a worker ended.
  var retried: UInt64 = 0
  /// Requests that were refused because they ended a worker.
  var refused: UInt64 = 0
  var interrupted: UInt64 = 0
  /// Batches that were run in parts because they failed.
  var splits: UInt64 = 0
  /// Seconds from the start of the last worker to its hello.
  var startSeconds = 0.0
  /// Bytes by worker.
  var memory: [Int: Int] = [:]
  /// Bytes of the process that workers are forked from.
  var templateMemory = 0
}

extension WorkerPool: MetricsSource {
  package var queued: QueueValues? { queue.values }

  package func write(to text: inout PrometheusText) {
    let (values, alive) = counted
    text.metric("opz_worker_alive", "gauge", help: "Workers that have loaded the model and serve.", value: alive)
    text.metric("opz_worker_starts_total", "counter", help: "Workers that loaded the model.", value: values.starts)
    text.metric(
      "opz_worker_start_failures_total", "counter", help: "Workers that did not load it.", value: values.failedStarts)
    text.metric(
      "opz_worker_start_seconds", "gauge", help: "Time of the last start to its end.", value: values.startSeconds)
    text.describe("opz_worker_deaths_total", "counter", help: "Workers that ended without being asked to, by cause.")
    for cause in PoolValues.Cause.allCases {
      text.sample("opz_worker_deaths_total", [("cause", cause.rawValue)], value: values.deaths[cause] ?? 0)
    }
    text.metric(
      "opz_worker_recycled_total", "counter", help: "Workers replaced because of their memory.", value: values.recycled)
    text.metric(
      "opz_worker_retries_total", "counter", help: "Requests run again after a worker's end.", value: values.retried)
    text.metric(
      "opz_worker_interrupts_total", "counter", help: "Calls that took longer than they may.", value: values.interrupted
    )
    text.metric(
      "opz_worker_quarantine_refusals_total", "counter", help: "Requests refused by quarantine.", value: values.refused)
    text.metric("opz_worker_quarantine_requests", "gauge", help: "Requests in quarantine.", value: quarantine.size)
    text.metric(
      "opz_worker_batch_splits_total", "counter", help: "Batches run in parts after a failure.", value: values.splits)
    text.describe("opz_worker_memory_bytes", "gauge", help: "Memory of a worker, shared pages in shares.")
    for (number, bytes) in values.memory.sorted(by: { $0.key < $1.key }) {
      text.sample("opz_worker_memory_bytes", [("worker", "\(number)")], value: bytes)
    }
    if values.templateMemory > 0 {
      text.sample("opz_worker_memory_bytes", [("worker", "template")], value: values.templateMemory)
    }
    queue(&text)
  }

  private func queue(_ text: inout PrometheusText) {
    let values = queue.values
    text.metric("opz_queue_requests", "gauge", help: "Requests that wait for a worker.", value: values.waiting)
    text.metric(
      "opz_queue_refused_total", "counter", help: "Requests that could not be run in time.", value: values.refused)
    text.metric("opz_queue_late_total", "counter", help: "Requests whose deadline passed.", value: values.late)
    text.describe("opz_queue_wait_seconds", "histogram", help: "Time in the queue.")
    text.histogram("opz_queue_wait_seconds", [], histogram: values.waited)
    text.describe("opz_batches_total", "counter", help: "Batches, by why they were sent.")
    for reason in RequestQueue.Reason.allCases {
      text.sample("opz_batches_total", [("reason", reason.rawValue)], value: values.left[reason] ?? 0)
    }
    text.metric("opz_batch_requests_total", "counter", help: "Requests in batches.", value: values.requests)
    text.metric("opz_batch_rows_total", "counter", help: "Rows in batches.", value: values.rows)
    text.metric(
      "opz_batch_call_seconds", "gauge", help: "Learned: time of a call beside its rows.", value: values.cost.call)
    text.metric("opz_batch_row_seconds", "gauge", help: "Learned: time of a row.", value: values.cost.row)
  }
}
