import OpzFlow
import OpzIO
import OpzJSON
import OpzOCI
import Synchronization
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The output of a command: data on standard output, messages for people on standard error.
enum Console {
  private struct Output {
    /// Whether standard output is reserved for a file that the command writes.
    var isReservedForFile = false
    /// The first write error on standard output, after which nothing more is written there.
    var failure: IOFailure?
  }

  private static let output = Mutex(Output())
  private static let noteLimit = 200
  private static let remembered = Mutex<[String]>([])

  /// Keeps a message for a report.
  static func remember(_ text: String) { remembered.withLock { $0 = $0.suffix(noteLimit - 1) + [text] } }

  /// The last messages for people, for a report.
  static var notes: [String] { remembered.withLock { $0 } }

  /// Writes tables and text for people, with control characters escaped.
  static func data(_ text: String) {
    let text = PrintableText.text(text)
    ConsoleProgress.clearCurrent()
    if output.withLock({ $0.isReservedForFile }) {
      write(Array((isColored(STDERR_FILENO) ? LineStyle.data(text) : text).utf8), to: STDERR_FILENO)
    } else {
      put(Array((isColored(STDOUT_FILENO) ? LineStyle.data(text) : text).utf8))
    }
  }

  /// Writes one line; on a terminal that is too narrow for it with shortened digests.
  static func line(_ text: String) {
    let text = PrintableText.line(text)
    let isShort = tableWidth.map { text.count <= $0 } ?? true
    data((isShort ? text : ShortDigests.text(text)) + "\n")
  }

  /// Writes the content of a file: byte for byte, unless standard output is a terminal.
  static func document(_ text: String) {
    ConsoleProgress.clearCurrent()
    put(Array((outputIsTerminal ? PrintableText.text(text) : text).utf8))
  }

  /// Writes JSON for programs: sorted keys, indented by two spaces.
  static func json(_ value: some Encodable) throws { put(PrintableText.json(try CanonicalJSON.encodePretty(value))) }

  static func note(_ text: String) {
    let text = PrintableText.text(text) + "\n"
    remember(String(text.dropLast()))
    ConsoleProgress.clearCurrent()
    write(Array((isColored(STDERR_FILENO) ? LineStyle.note(text) : text).utf8), to: STDERR_FILENO)
  }

  // MARK: Standard output

  /// Reserves standard output for a file of the command, if its path is standard output; other output then goes to
  /// standard error.
  /// - Throws: `IOFailure` if the path cannot be written to; `FlowError` of category `usage` if standard output is
  ///   already in use.
  static func reserveStandardOutput(_ option: String, to path: FilePath, json: Bool) throws {
    try OutputFile.require(path)
    guard OutputFile.isStandardOutput(path) else { return }
    let isTaken = output.withLock { output in
      defer { output.isReservedForFile = true }
      return output.isReservedForFile || json
    }
    guard isTaken else { return }
    throw FlowError(
      .usage, option, reason: "standard output is already used for \(json ? "--json" : "another file")",
      hint: "name a file for one of them")
  }

  /// Writes to standard output. An error is kept until `finish`, so that it does not interrupt the command's work.
  private static func put(_ bytes: [UInt8]) {
    guard output.withLock({ $0.failure == nil }) else { return }
    do { try StandardOutput.write(bytes) } catch {
      output.withLock { $0.failure = error as? IOFailure }
    }
  }

  /// The exit code of a command that would exit with `code`: that of the write error if it succeeded but its output
  /// could not be written. A reader that exited early (`opz list | head`) is not an error.
  static func finish(_ code: Int32) -> Int32 {
    var failure = output.withLock { $0.failure }
    if failure == nil {
      do { try StandardOutput.finish() } catch { failure = error as? IOFailure }
    }
    guard let failure, failure.errno != IOFailure.readerIsGone else { return code }
    note("error: \(failure)")
    return code == 0 ? ExitStatus.code(failure.category) : code
  }

  // MARK: The terminal

  static var errorsAreTerminal: Bool { isatty(STDERR_FILENO) == 1 }
  static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// The width of the terminal in columns; 80 if unknown.
  static var width: Int { size(STDERR_FILENO).map { Int($0.ws_col) } ?? 80 }
  /// The height of the terminal in lines; 24 if unknown.
  static var height: Int { size(STDERR_FILENO).map { Int($0.ws_row) } ?? 24 }
  /// The width of tables on standard output; nil where it is no terminal.
  static var tableWidth: Int? {
    outputIsTerminal ? max(40, size(STDOUT_FILENO).map { Int($0.ws_col) } ?? 80) : nil
  }

  private static func isColored(_ descriptor: Int32) -> Bool {
    LineStyle.isColored(terminal: isatty(descriptor) == 1) { getenv($0).map { String(cString: $0) } }
  }

  private static func size(_ descriptor: Int32) -> winsize? {
    var size = winsize()
    return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 && size.ws_row > 0 ? size : nil
  }

  /// Writes all bytes to standard error or a terminal. Errors are ignored, because there is nowhere to report them.
  static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        return
      }
    }
  }
}
