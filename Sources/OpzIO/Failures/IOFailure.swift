public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A system call that failed on a file, or a file that is not what it has to be.
public struct IOFailure: ExplainedError {
  /// The number of the system's error, 0 where the failure is of our own finding.
  public let errno: Int32
  /// What was tried: `open`, `write`, `fsync` ..
  public let operation: String
  public let path: FilePath
  public let detail: String?
  public let hint: String?

  public init(errno: Int32, operation: String, path: FilePath, detail: String? = nil, hint: String? = nil) {
    self.errno = errno
    self.operation = operation
    self.path = path
    self.detail = detail
    self.hint = hint
  }

  /// A failure that names what was found, not a system call.
  public init(_ detail: String, path: FilePath, hint: String? = nil) {
    self.init(errno: 0, operation: "", path: path, detail: detail, hint: hint)
  }

  /// The failure of the system call that has just returned -1.
  public static func last(_ operation: String, _ path: FilePath) -> IOFailure {
    IOFailure(errno: systemErrno, operation: operation, path: path)
  }

  /// The error number of a disk without room.
  public static let diskFull: Int32 = ENOSPC

  /// The error number of a pipe whose other end was closed.
  public static let readerIsGone: Int32 = EPIPE

  public var category: ErrorCategory { errno == ENOENT ? .notFound : .failed }
  public var subject: String { path.string }
  public var reason: String {
    if let detail { return detail }
    return "\(operation): \(IOFailure.text(of: errno))"
  }

  /// The system's text for an error number, lower case.
  public static func text(of code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let first = text.first else { return text }
    return first.lowercased() + text.dropFirst()
  }
}

/// `errno` of this thread.
package var systemErrno: Int32 { errno }
