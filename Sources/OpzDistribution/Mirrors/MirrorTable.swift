import OpzIO
import OpzTOML
import SystemPackage

/// A table of a file of mirrors, read strictly: a value of another type is an error with its line.
struct MirrorTable {
  let path: FilePath
  let table: TOMLTable

  init(_ path: FilePath, _ table: TOMLTable) {
    self.path = path
    self.table = table
  }

  /// Reads a file.
  /// - Throws: `DistributionError` with the code `configuration`.
  init(_ path: FilePath, text: String) throws {
    do {
      guard let table = try TOMLReader.read(text).table else { throw MirrorProblem(path, 1, reason: "no table").error }
      self.init(path, table)
    } catch let failure as TOMLReader.Failure {
      throw MirrorProblem(path, failure.line, reason: "not valid TOML: \(failure.reason)").error
    }
  }

  /// Where the table begins, for people.
  var place: String { "\(path):\(table.line)" }

  func text(_ key: String) throws -> String? {
    guard let value = table[key] else { return nil }
    guard let text = value.string else { throw problem(key, "has to be a text") }
    return text
  }

  func flag(_ key: String) throws -> Bool {
    guard let value = table[key] else { return false }
    guard let flag = value.boolean else { throw problem(key, "has to be true or false") }
    return flag
  }

  /// The tables under a key; empty where it is missing.
  func tables(_ key: String) throws -> [MirrorTable] {
    guard let value = table[key] else { return [] }
    guard let items = value.array else { throw problem(key, "has to be a list of tables, [[\(key)]]") }
    return try items.map { item in
      guard let inside = item.table else { throw problem(key, "has to be a list of tables, [[\(key)]]") }
      return MirrorTable(path, inside)
    }
  }

  /// The members of a table of tables, in the file's order; empty where it is missing.
  func members(_ key: String) throws -> [(name: String, table: MirrorTable)] {
    guard let value = table[key] else { return [] }
    guard let inside = value.table else { throw problem(key, "has to be a table") }
    return try inside.keys.map { name in
      guard let member = inside[name]?.table else {
        throw MirrorProblem(path, inside.line(of: name), reason: "\(PrintableText.brief(name)) has to be a table").error
      }
      return (name, MirrorTable(path, member))
    }
  }

  /// The error for a key of this table.
  func problem(_ key: String, _ reason: String) -> DistributionError {
    MirrorProblem(path, table.line(of: key), reason: "\(key) \(reason)").error
  }
}
