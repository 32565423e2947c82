import OpzOCI
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The two outputs of a command: data on standard output, words for people on standard error.
enum Console {
  static func data(_ text: String) {
    ConsoleProgress.clearCurrent()
    write(Array(text.utf8), to: STDOUT_FILENO)
  }

  static func line(_ text: String) { data(text + "\n") }

  /// A document for programs: sorted keys, two spaces.
  static func json(_ value: some Encodable) throws { write(try CanonicalJSON.encodePretty(value), to: STDOUT_FILENO) }

  static func note(_ text: String) {
    ConsoleProgress.clearCurrent()
    write(Array((text + "\n").utf8), to: STDERR_FILENO)
  }

  static var errorsAreTerminal: Bool { isatty(STDERR_FILENO) == 1 }
  static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Columns of the terminal, 80 where that is unknown.
  static var width: Int { size.map { Int($0.ws_col) } ?? 80 }
  /// Lines of the terminal, 24 where that is unknown.
  static var height: Int { size.map { Int($0.ws_row) } ?? 24 }

  private static var size: winsize? {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 && size.ws_row > 0 ? size : nil
  }

  /// Writes all bytes. A reader that went away (`opz list | head`) ends the program quietly.
  static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        if errno == EPIPE { exit(descriptor == STDOUT_FILENO ? 0 : 1) }
        return
      }
    }
  }
}
