public import OpzIO

/// A database that cannot be reached, or that refuses a statement.
public typealias DatabaseError = Failure<DatabaseErrorCode>

/// What can be wrong with a database.
public enum DatabaseErrorCode: FailureCode {
  /// A URL that names no database, or has a password where others can read it.
  case badURL
  /// A library, program or file that is not there.
  case notFound
  /// The database did not accept the connection.
  case notConnected
  /// The database ended a statement with an error.
  case refused

  public var category: ErrorCategory {
    switch self {
    case .badURL: .usage
    case .notFound: .notFound
    case .notConnected: .network
    case .refused: .failed
    }
  }
}
