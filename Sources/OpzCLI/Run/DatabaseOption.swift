import ArgumentParser
import OpzDatabase
import OpzFlow

/// `--database`, or the variable that may have a password.
struct DatabaseOption: ParsableArguments {
  @Option(help: ArgumentHelp("The database; OPZ_DATABASE if missing.", valueName: "url")) var database: String?

  func url(_ session: Session) throws -> DatabaseURL {
    if let database { return try DatabaseURL(parsing: database, from: .commandLine) }
    guard let named = session.environment["OPZ_DATABASE"], !named.isEmpty else {
      throw ValidationError("--database URL is missing, and OPZ_DATABASE is not set")
    }
    return try DatabaseURL(parsing: named, from: .environment)
  }
}
