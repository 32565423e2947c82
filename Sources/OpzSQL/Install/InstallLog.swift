/// A row of the table that says what was installed when.
public struct InstallEntry: Sendable, Hashable {
  /// What happened to a name.
  public enum Action: String, Sendable {
    case installed
    case rolledBack = "rolled-back"
    case uninstalled
  }

  /// The columns of the table, in the order of `init(_:)`.
  static let columns = ["number", "id", "name", "action", "view_name", "model", "image", "statement", "at", "actor"]

  /// Counts from one, over all names of a schema.
  public var number = 0
  /// Of this entry alone, by the database: an event of the registry names it.
  public var id = ""
  /// The stable name, without its schema.
  public var name: String
  public var action: Action
  /// What the name means from now on, without its schema; what it meant, for `uninstalled`.
  public var view: String
  /// `churn@1.2.0`, or a file's name.
  public var model: String
  /// The digest of the version's image; empty for a file.
  public var image: String
  /// The digest of what the view computes.
  public var statement: String
  /// RFC 3339, by the database's clock.
  public var at = ""
  public var actor: String

  /// Creates an entry; the database sets `number`, `id` and `at`.
  public init(
    name: String, action: Action, view: String, model: String, image: String, statement: String, actor: String
  ) {
    self.name = name
    self.action = action
    self.view = view
    self.model = model
    self.image = image
    self.statement = statement
    self.actor = actor
  }

  /// Reads a row; nil for what opz did not write.
  public init?(_ row: [String?]) {
    let cells = row.compactMap { $0 }
    guard cells.count == InstallEntry.columns.count, let number = Int(cells[0]), let action = Action(rawValue: cells[3])
    else { return nil }
    self.init(
      name: cells[2], action: action, view: cells[4], model: cells[5], image: cells[6], statement: cells[7],
      actor: cells[9])
    self.number = number
    id = cells[1]
    at = cells[8]
  }

  /// The same, as something else that happens.
  public func again(_ action: Action, actor: String) -> InstallEntry {
    InstallEntry(
      name: name, action: action, view: view, model: model, image: image, statement: statement, actor: actor)
  }
}

/// What was installed under one name, in order.
public struct InstallLog: Sendable, Hashable {
  /// All entries of the name, oldest first.
  public let entries: [InstallEntry]
  /// The ways back, oldest first; the last is what the name means now. A rollback shortens it.
  public let course: [InstallEntry]

  /// - Parameter entries: of one name.
  public init(_ entries: [InstallEntry]) {
    self.entries = entries.sorted { $0.number < $1.number }
    var course: [InstallEntry] = []
    for entry in self.entries {
      switch entry.action {
      case .installed: if course.last?.view != entry.view { course.append(entry) }
      case .rolledBack:
        if let place = course.lastIndex(where: { $0.view == entry.view }) {
          course.removeSubrange((place + 1)...)
        } else {
          course.append(entry)
        }
      case .uninstalled: course = []
      }
    }
    self.course = course
  }

  /// What the name means; nil if nothing is installed.
  public var current: InstallEntry? { course.last }
  /// What the name meant before, and means again after a rollback.
  public var previous: InstallEntry? { course.dropLast().last }
  /// The entry since which the name means what it does.
  public var since: InstallEntry? { entries.last { $0.action != .uninstalled } }

  /// The views since the last uninstall, each once.
  public var views: [String] {
    let start = entries.lastIndex { $0.action == .uninstalled }.map { $0 + 1 } ?? 0
    var seen: Set<String> = []
    return entries[start...].map(\.view).filter { seen.insert($0).inserted }
  }

  /// What a view computes, by the entry that made it.
  public func statement(of view: String) -> String? {
    entries.last { $0.action == .installed && $0.view == view }?.statement
  }
}
