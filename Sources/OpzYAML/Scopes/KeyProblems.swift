import OpzIO

/// Collects the problems of a document while it is read. Not safe to share between threads.
public final class KeyProblems {
  /// Makes the hint for an unknown key, from the key, the path of its mapping, and the known keys.
  public typealias Hint = (_ key: String, _ path: String, _ keys: [String]) -> String

  private var found: [(line: Int, problem: KeyProblem)] = []
  public internal(set) var locations: KeyLocations
  /// The paths of mappings that people also write as a single value, which stands for the first key:
  /// `model: model.json`.
  let shorthandPaths: Set<String>
  let hint: Hint

  /// - Parameters:
  ///   - file: the file's name in messages: `opz.yaml`.
  ///   - shorthandPaths: the paths of mappings that people also write as a single value.
  ///   - hint: makes the hint for an unknown key.
  public init(file: String, shorthandPaths: Set<String> = [], hint: @escaping Hint = KeyProblems.nearest) {
    locations = KeyLocations(file: file)
    self.shorthandPaths = shorthandPaths
    self.hint = hint
  }

  /// Suggests the known key nearest to `key`, or lists all of them.
  public static func nearest(_ key: String, in path: String, _ keys: [String]) -> String {
    if let near = NearestName.find(key, in: keys) { return "did you mean \(near)?" }
    return "\(path.isEmpty ? "the file" : path) has the keys \(keys.joined(separator: ", "))"
  }

  /// How many problems are kept: nobody reads more, and a hostile file may have a hundred thousand.
  public static let maximum = 100
  var isFull: Bool { found.count >= KeyProblems.maximum }

  /// Adds a problem, unless there are `maximum` already.
  /// - Parameters:
  ///   - key: the dotted path.
  ///   - line: the line, from 1; 0 for a value from the command line.
  ///   - reason: what is wrong.
  ///   - hint: what to write instead.
  public func add(_ key: String, line: Int, _ reason: String, hint: String? = nil) {
    guard !isFull else { return }
    let place = line == 0 ? "--set" : "\(locations.file):\(line)"
    found.append((line, KeyProblem(place: place, key: key, reason: reason, hint: hint)))
  }

  /// The problems sorted by line, then in the order in which they were found.
  public var all: [KeyProblem] {
    found.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }.map(\.element.problem)
  }

  /// Whether all problems are with values from the command line.
  public var areOverrides: Bool { found.allSatisfy { $0.line == 0 } }
}
