import OpzFlow
import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Replaces this process by another program.
enum ProcessImage {
  /// Executes `arguments[0]` in place of this process, so that signals reach it directly.
  /// - Throws: `FlowError` if the program cannot be executed.
  static func become(_ arguments: [String]) throws -> Never {
    let program = FilePath(arguments[0])
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    execv(program.string, &argv)
    throw FlowError(.failed, program.string, reason: IOFailure.last("exec", program).reason)
  }
}
