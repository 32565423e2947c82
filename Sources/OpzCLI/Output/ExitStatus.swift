import ArgumentParser
import OpzIO

/// The exit codes of opz. `docs/reference/exit-codes.md` has the same table.
enum ExitStatus {
  static let usage: Int32 = 64
  static let interrupted: Int32 = 130

  /// Maps error categories to exit codes; nothing else does.
  static func code(_ category: ErrorCategory) -> Int32 {
    switch category {
    case .failed: 1
    case .notFound: 2
    case .conflict: 3
    case .verification: 4
    case .refused: 5
    case .network: 6
    case .usage: usage
    }
  }
}
