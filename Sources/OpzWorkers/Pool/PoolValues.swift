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
}

extension WorkerPool: MetricsSource {
  package func write(to text: inout PrometheusText) {
    let (values, alive) = counted
    text.metric("opz_worker_alive", "gauge", "Workers that have loaded the model and serve.", alive)
    text.metric("opz_worker_starts_total", "counter", "Workers that loaded the model.", values.starts)
    text.metric("opz_worker_start_failures_total", "counter", "Workers that did not load it.", values.failedStarts)
    text.metric("opz_worker_start_seconds", "gauge", "Time of the last start to its end.", values.startSeconds)
    text.describe("opz_worker_deaths_total", "counter", "Workers that ended without being asked to, by cause.")
    for cause in PoolValues.Cause.allCases {
      text.sample("opz_worker_deaths_total", [("cause", cause.rawValue)], values.deaths[cause] ?? 0)
    }
    text.metric("opz_worker_recycled_total", "counter", "Workers replaced because of their memory.", values.recycled)
    text.metric("opz_worker_retries_total", "counter", "Requests run again after a worker's end.", values.retried)
    text.metric("opz_worker_interrupts_total", "counter", "Calls that took longer than they may.", values.interrupted)
    text.metric("opz_worker_quarantine_refusals_total", "counter", "Requests refused by quarantine.", values.refused)
    text.metric("opz_worker_quarantine_requests", "gauge", "Requests in quarantine.", quarantine.size)
    text.metric("opz_worker_batch_splits_total", "counter", "Batches run in parts after a failure.", values.splits)
    text.describe("opz_worker_memory_bytes", "gauge", "Memory of a worker, shared pages in shares.")
    for (number, bytes) in values.memory.sorted(by: { $0.key < $1.key }) {
      text.sample("opz_worker_memory_bytes", [("worker", "\(number)")], bytes)
    }
    queue(&text)
  }

  private func queue(_ text: inout PrometheusText) {
    let values = queue.values
    text.metric("opz_queue_requests", "gauge", "Requests that wait for a worker.", values.waiting)
    text.metric("opz_queue_refused_total", "counter", "Requests that could not be run in time.", values.refused)
    text.metric("opz_queue_late_total", "counter", "Requests whose deadline passed.", values.late)
    text.describe("opz_queue_wait_seconds", "histogram", "Time in the queue.")
    text.histogram("opz_queue_wait_seconds", [], values.waited)
    text.describe("opz_batches_total", "counter", "Batches, by why they were sent.")
    for reason in RequestQueue.Reason.allCases {
      text.sample("opz_batches_total", [("reason", reason.rawValue)], values.left[reason] ?? 0)
    }
    text.metric("opz_batch_requests_total", "counter", "Requests in batches.", values.requests)
    text.metric("opz_batch_rows_total", "counter", "Rows in batches.", values.rows)
    text.metric("opz_batch_call_seconds", "gauge", "Learned: time of a call beside its rows.", values.cost.call)
    text.metric("opz_batch_row_seconds", "gauge", "Learned: time of a row.", values.cost.row)
  }
}
