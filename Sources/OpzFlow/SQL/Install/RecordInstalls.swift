import OpzIO
import OpzJSON
import OpzOCI
import OpzRegistry
import OpzSQL

/// Tells the registry what a database says was installed there. An install that was killed behind its transaction is
/// told of by the next command, since the database has the list and the registry a copy of it.
struct RecordInstalls {
  private let session: Session

  init(in session: Session) { self.session = session }

  /// Adds an event for each entry of a version of this registry that has none.
  /// - Parameter database: without a password.
  func run(_ entries: [InstallEntry], database: String) throws {
    let ofVersions = entries.filter { !$0.image.isEmpty }
    guard !ofVersions.isEmpty, let registry = try? session.openRegistry() else { return }
    for (model, own) in Dictionary(grouping: ofVersions, by: \.model) {
      guard let reference = try? LocalReference(parsing: model), let version = try? registry.find(reference) else {
        continue
      }
      let told = Set(try registry.log(version.name).entries().compactMap { $0.event.details["install"]?.string })
      for entry in own where !told.contains(entry.id) && entry.image == "\(version.record.image.digest)" {
        try registry.note(.deployed, version, by: session.author, details: details(entry, database))
      }
    }
  }

  private func details(_ entry: InstallEntry, _ database: String) -> [String: JSONValue] {
    [
      "database": .string(database), "name": .string(entry.name), "view": .string(entry.view),
      "action": .string(entry.action.rawValue), "install": .string(entry.id), "since": .string(entry.at),
      "by": .string(entry.actor),
    ]
  }
}
