import OpzFlow
import OpzIO
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Another program in this process's place.
enum ProcessImage {
  /// Becomes `arguments[0]`, so that signals reach it.
  /// - Throws: where that cannot be run.
  static func become(_ arguments: [String]) throws -> Never {
    let program = FilePath(arguments[0])
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    execv(program.string, &argv)
    throw FlowError(.failed, program.string, IOFailure.last("exec", program).reason)
  }
}
