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
  /// The role may not do it.
  case forbidden
  /// Somebody else holds a lock for longer than was to be waited.
  case busy
  /// The connection ended.
  case lost
  /// What the database sent is not what its protocol says.
  case damaged

  public var category: ErrorCategory {
    switch self {
    case .badURL: .usage
    case .notFound: .notFound
    case .notConnected, .forbidden, .lost: .network
    case .refused, .damaged: .failed
    case .busy: .conflict
    }
  }
}
