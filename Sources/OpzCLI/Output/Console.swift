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

/// The two outputs of a command: data on standard output, words for people on standard error.
enum Console {
  private struct Output {
    /// A file of the command's goes to standard output.
    var isYielded = false
    /// What went wrong on standard output; nothing more is written there then.
    var failure: IOFailure?
  }

  private static let output = Mutex(Output())

  /// Tables and texts for people, in which nothing reaches the terminal that is not to be seen.
  static func data(_ text: String) {
    let bytes = Array(PrintableText.text(text).utf8)
    ConsoleProgress.clearCurrent()
    output.withLock { $0.isYielded } ? write(bytes, to: STDERR_FILENO) : put(bytes)
  }

  static func line(_ text: String) { data(PrintableText.line(text) + "\n") }

  /// A file's content, to the byte where it does not go to a terminal.
  static func document(_ text: String) {
    ConsoleProgress.clearCurrent()
    put(Array((outputIsTerminal ? PrintableText.text(text) : text).utf8))
  }

  /// A document for programs: sorted keys, two spaces.
  static func json(_ value: some Encodable) throws { put(PrintableText.json(try CanonicalJSON.encodePretty(value))) }

  static func note(_ text: String) {
    let bytes = Array((PrintableText.text(text) + "\n").utf8)
    ConsoleProgress.clearCurrent()
    write(bytes, to: STDERR_FILENO)
  }

  // MARK: Standard output

  /// Leaves standard output to a file of the command where that is where it goes: then what the command says is on standard error.
  /// - Throws: `IOFailure` where the path can be none for output; `FlowError` where standard output is wanted twice.
  static func yield(_ option: String, to path: FilePath, json: Bool) throws {
    try OutputFile.require(path)
    guard OutputFile.isStandardOutput(path) else { return }
    let isTaken = output.withLock { output in
      defer { output.isYielded = true }
      return output.isYielded || json
    }
    guard isTaken else { return }
    throw FlowError(
      .usage, option, "standard output is wanted for \(json ? "--json" : "another file") too",
      hint: "name a file for one of them")
  }

  /// Writes to standard output. A failure is kept for the end, so that no work is left half done for it.
  private static func put(_ bytes: [UInt8]) {
    guard output.withLock({ $0.failure == nil }) else { return }
    do { try StandardOutput.write(bytes) } catch {
      output.withLock { $0.failure = error as? IOFailure }
    }
  }

  /// The exit code of a command that ends with `code`: 1 where it did its work and what it said could not be written. A reader that went away
  /// (`opz list | head`) is told nothing.
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

  /// Columns of the terminal, 80 where that is unknown.
  static var width: Int { size.map { Int($0.ws_col) } ?? 80 }
  /// Lines of the terminal, 24 where that is unknown.
  static var height: Int { size.map { Int($0.ws_row) } ?? 24 }

  private static var size: winsize? {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 && size.ws_row > 0 ? size : nil
  }

  /// Writes all bytes to standard error or a terminal. What cannot be written there can be said nowhere.
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
