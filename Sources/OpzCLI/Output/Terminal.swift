import OpzFlow
import OpzIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The user's terminal, even if standard input and output are redirected.
enum Terminal {
  /// Whether the user can be prompted.
  static var isAvailable: Bool { isatty(STDIN_FILENO) == 1 }

  /// Prompts for a line, without echoing a secret. Blocking.
  /// - Throws: `IOFailure` without a terminal; `CancellationError` on Ctrl-C.
  static func ask(_ question: String, isSecret: Bool = false) throws -> String {
    let file = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
    guard file >= 0 else { throw IOFailure(errno: errno, operation: "open", path: "/dev/tty") }
    defer { close(file) }
    var before = termios()
    guard tcgetattr(file, &before) == 0 else { throw IOFailure(errno: errno, operation: "tcgetattr", path: "/dev/tty") }
    var raw = before
    // Read byte by byte in raw mode, so that Ctrl-C is handled here and the terminal settings are restored.
    raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
    tcsetattr(file, TCSAFLUSH, &raw)
    defer { tcsetattr(file, TCSADRAIN, &before) }
    // Prompt only after echo is off; whatever is typed after the prompt must be neither shown nor lost.
    Console.write(Array(PrintableText.line(question).utf8), to: file)
    let line = try read(file, echoing: !isSecret)
    Console.write([UInt8(ascii: "\n")], to: file)
    return try SecretInput.secret(line)
  }

  private static func read(_ file: Int32, echoing: Bool) throws -> [UInt8] {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while true {
      let count = Glibc.read(file, &byte, 1)
      if count < 0, errno == EINTR { continue }
      guard count == 1 else { return line }
      switch byte {
      case 0x0a, 0x0d, 0x04: return line
      case 0x03, 0x1c: throw CancellationError()
      case 0x15:
        if echoing { Console.write(Array(String(repeating: "\u{8} \u{8}", count: line.count).utf8), to: file) }
        line = []
      case 0x08, 0x7f:
        guard !line.isEmpty else { continue }
        // Delete all bytes of a multibyte character.
        while let last = line.popLast(), last & 0xc0 == 0x80 {}
        if echoing { Console.write(Array("\u{8} \u{8}".utf8), to: file) }
      default:
        guard line.count < SecretInput.limit else { continue }
        line.append(byte)
        if echoing { Console.write([byte], to: file) }
      }
    }
  }
}
