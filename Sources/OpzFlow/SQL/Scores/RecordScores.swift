import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry

/// Tells the registry which version scored which table, when, and how many rows. A run that was killed behind its last
/// transaction is told of by the next one, since the database has the job and the registry a copy of it.
struct RecordScores {
  private let session: Session

  init(in session: Session) { self.session = session }

  /// Adds an event for a job of a version of this registry, unless there is one for all that it did.
  /// - Parameter database: without a password.
  func run(_ job: ScoreJob, database: String) throws {
    guard !job.image.isEmpty, job.batches > 0, let registry = try? session.openRegistry(),
      let reference = try? LocalReference(parsing: job.model), let version = try? registry.find(reference),
      job.image == "\(version.record.image.digest)"
    else { return }
    let number = "\(job.id)-\(job.batches)"
    let isTold = try registry.log(version.name).entries().contains { $0.event.details["install"]?.string == number }
    guard !isTold else { return }
    let details: [String: JSONValue] = [
      "database": .string(database), "name": .string(job.target), "view": .string(job.target),
      "action": .string("scored"), "install": .string(number), "since": .string(job.updatedAt),
      "rows": .integer(Int64(job.rows)), "unscored": .integer(Int64(job.unscored)),
      "state": .string(job.state.rawValue), "by": .string(job.actor),
    ]
    try registry.note(.deployed, version, by: session.author, details: details)
  }
}
