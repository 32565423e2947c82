public import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A failed system call on a file, or a file that is not what it has to be.
public struct IOFailure: ExplainedError {
  /// The system's error number; 0 when opz itself found the problem.
  public let errno: Int32
  /// The call that failed: `open`, `write`, `fsync` ..
  public let operation: String
  public let path: FilePath
  public let detail: String?
  public let hint: String?

  /// A failed system call.
  /// - Parameters:
  ///   - errno: the system's error number.
  ///   - operation: the call, shown before the system's text.
  ///   - path: the file.
  ///   - detail: replaces the reason made of `operation` and `errno`.
  ///   - hint: what to do.
  public init(errno: Int32, operation: String, path: FilePath, detail: String? = nil, hint: String? = nil) {
    self.errno = errno
    self.operation = operation
    self.path = path
    self.detail = detail
    self.hint = hint
  }

  /// A problem that opz itself found; `detail` is the reason, and no system call is named.
  public init(_ detail: String, path: FilePath, hint: String? = nil) {
    self.init(errno: 0, operation: "", path: path, detail: detail, hint: hint)
  }

  /// The failure of the system call that has just returned -1: captures the thread's `errno`, so call it before
  /// anything else.
  public static func last(_ operation: String, _ path: FilePath) -> IOFailure {
    IOFailure(errno: systemErrno, operation: operation, path: path)
  }

  /// The error number of a full disk.
  public static let diskFull: Int32 = ENOSPC

  /// The error number of a write to a pipe whose reader closed it.
  public static let readerIsGone: Int32 = EPIPE

  public var category: ErrorCategory { errno == ENOENT ? .notFound : .failed }
  public var subject: String { path.string }
  public var reason: String {
    if let detail { return detail }
    return "\(operation): \(IOFailure.text(of: errno))"
  }

  /// Returns the system's text for an error number, starting in lower case.
  public static func text(of code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let first = text.first else { return text }
    return first.lowercased() + text.dropFirst()
  }
}

/// This thread's `errno`, for files where a member hides the name.
package var systemErrno: Int32 { errno }
