/// Reads the commands in entry_points.txt (PyPA, entry points: file format). Other groups are ignored.
struct EntryPointsFile {
  private(set) var entryPoints: [EntryPoint] = []
  private let subject: String
  private var names: Set<String> = []
  private var groups: Set<EntryPoint.Group> = []

  init(_ text: String, of subject: String) throws {
    self.subject = subject
    var group: EntryPoint.Group?
    var indent: Int?
    for line in ASCII.lines(text) {
      let trimmed = ASCII.trimmed(line)
      if trimmed.isEmpty || trimmed.hasPrefix("#") || trimmed.hasPrefix(";") { continue }
      if trimmed.hasPrefix("["), trimmed.hasSuffix("]") {
        group = try section(trimmed.dropFirst().dropLast())
        indent = nil
      } else if let group {
        // configparser treats a deeper indented line as a continuation, importlib as a line of its own.
        let depth = line.utf8.prefix { $0 == 0x20 || $0 == 0x09 }.count
        guard depth <= indent ?? depth else { throw refuse("a line is indented: \"\(trimmed.prefix(100))\"") }
        indent = depth
        try add(trimmed, group)
      }
    }
  }

  private mutating func section(_ name: Substring) throws -> EntryPoint.Group? {
    guard let group = EntryPoint.Group(rawValue: String(ASCII.trimmed(name))) else { return nil }
    guard groups.insert(group).inserted else { throw refuse("duplicate section [\(group.rawValue)]") }
    return group
  }

  private mutating func add(_ line: Substring, _ group: EntryPoint.Group) throws {
    guard let equals = line.firstIndex(of: "=") else { throw refuse("a line has no =: \"\(line.prefix(100))\"") }
    let name = String(ASCII.trimmed(line[..<equals]))
    guard EntryPointsFile.isFileName(name) else {
      throw PythonError(.malformed, subject, reason: "\"\(name.prefix(100))\" cannot be the name of a command")
    }
    guard names.insert(name).inserted else { throw refuse("duplicate command \"\(name)\"") }
    let value = reference(ASCII.trimmed(line[line.index(after: equals)...]))
    let parts = value.split(separator: ":", omittingEmptySubsequences: false).map { ASCII.trimmed($0) }
    guard parts.count == 2, parts.allSatisfy(EntryPointsFile.isDottedName) else {
      throw refuse(
        "the command \"\(name)\" has to name a function as module:function, but names \"\(value.prefix(100))\"")
    }
    entryPoints.append(EntryPoint(group: group, name: name, module: String(parts[0]), function: String(parts[1])))
  }

  /// Removes extras in brackets, which installers ignore.
  private func reference(_ value: Substring) -> Substring {
    guard value.hasSuffix("]"), let bracket = value.firstIndex(of: "[") else { return value }
    return ASCII.trimmed(value[..<bracket])
  }

  private func refuse(_ reason: String) -> PythonError { PythonError(.malformed, subject, reason: reason) }

  private static func isFileName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
      && name.unicodeScalars.allSatisfy { scalar in
        scalar != "/" && scalar != "\\"
          && ![.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
      }
  }

  /// Python identifiers separated by dots (Python, lexical analysis: identifiers).
  private static func isDottedName(_ text: Substring) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      guard let first = part.unicodeScalars.first, first == "_" || first.properties.isXIDStart else { return false }
      return part.unicodeScalars.dropFirst().allSatisfy(\.properties.isXIDContinue)
    }
  }
}

/// A command that a wheel asks installers to create: a function to call (PyPA, entry points: use for scripts).
public struct EntryPoint: Hashable, Sendable {
  /// The groups that installers make commands from, named as in entry_points.txt.
  public enum Group: String, Sendable, CaseIterable {
    case console = "console_scripts"
    case gui = "gui_scripts"
  }

  public let group: Group
  /// The command's name, which becomes a file name.
  public let name: String
  /// `pkg.cli`.
  public let module: String
  /// `main`, `Command.run`.
  public let function: String

  /// The script that calls the function and exits with its return value through `sys.exit`.
  func script(interpreter: String) -> [UInt8] {
    let imported = function.prefix { $0 != "." }
    return Array(
      """
      #!\(interpreter)
      from \(module) import \(imported)

      if __name__ == "__main__":
          raise SystemExit(\(function)())

      """.utf8)
  }
}
