import OpzIO

/// What installs a model and takes it back, as two texts for those who may not connect: their tool runs them.
public struct InstallMigration: Sendable {
  /// Installs.
  public let up: String
  /// Takes it back.
  public let down: String
  /// The view of the version, for names of files.
  public let view: String

  /// - Parameters:
  ///   - made: the statement that creates the version's view, and its columns of scores.
  ///   - entry: what the table of installs says of it.
  ///   - keys: the columns that are put out as they are.
  ///   - previous: what is recorded when the name means its old version again; nil if it meant nothing.
  public init(
    _ statements: InstallStatements, creating made: ModelSQL.Statement, _ entry: InstallEntry, keys: [String],
    previous: InstallEntry?
  ) {
    let names = statements.names
    let (view, scores) = (names.sibling(entry.view), made.scores)
    self.view = entry.view
    let title = PrintableText.line(entry.model, limit: 200)
    var up = [statements.creationOfLog, made.text]
    up += statements.comment(on: view, entry.model).map { [$0] } ?? []
    up += statements.pointing(to: view, keys: keys, scores: scores, exists: previous != nil)
    up.append(statements.recording(entry))
    self.up = InstallMigration.text("installs \(title)", up, in: statements.dialect)
    var down: [String]
    if let previous {
      down = statements.pointing(to: names.sibling(previous.view), keys: keys, scores: scores, exists: true)
      down.append(statements.dropping(view))
      down.append(statements.recording(previous))
    } else {
      down = [statements.dropping(names.stable), statements.dropping(view)]
      down.append(statements.recording(entry.again(.uninstalled, actor: entry.actor)))
    }
    self.down = InstallMigration.text("takes back \(title)", down, in: statements.dialect)
  }

  /// One transaction.
  private static func text(_ title: String, _ statements: [String], in dialect: SQLDialect) -> String {
    let isPostgreSQL = dialect.name == "postgresql"
    // A role may have a setting with which a backslash in a text has a meaning.
    let opening = isPostgreSQL ? ["BEGIN", "SET LOCAL standard_conforming_strings = on"] : ["BEGIN IMMEDIATE"]
    let all = (opening + statements + ["COMMIT"]).map { statement -> String in
      var text = statement
      while let last = text.last, last == ";" || last.isWhitespace { text.removeLast() }
      return text + ";\n"
    }
    return "-- \(title); written by opz for \(dialect.name)\n" + all.joined()
  }
}
