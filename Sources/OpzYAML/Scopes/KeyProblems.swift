/// Collects what is wrong with a document while it is read.
public final class KeyProblems {
  /// What to do about a key that its mapping does not have.
  public typealias Hint = (_ key: String, _ path: String, _ keys: [String]) -> String

  private var found: [(line: Int, problem: KeyProblem)] = []
  public internal(set) var places: KeyPlaces
  /// Mappings for which one value is the short form of the first key that some people write: `model: model.json`.
  let short: Set<String>
  let hint: Hint

  /// - Parameter file: for messages: `opz.yaml`.
  public init(file: String, short: Set<String> = [], hint: @escaping Hint = KeyProblems.nearest) {
    places = KeyPlaces(file: file)
    self.short = short
    self.hint = hint
  }

  /// The nearest key, else all of them.
  public static func nearest(_ key: String, in path: String, _ keys: [String]) -> String {
    if let near = NearestName.find(key, in: keys) { return "did you mean \(near)?" }
    return "\(path.isEmpty ? "the file" : path) has \(keys.joined(separator: ", "))"
  }

  /// Nobody reads more, and a hostile file may have a hundred thousand.
  public static let maximum = 100
  var isFull: Bool { found.count >= KeyProblems.maximum }

  public func add(_ key: String, _ line: Int, _ reason: String, hint: String? = nil) {
    guard !isFull else { return }
    let place = line == 0 ? "--set" : "\(places.file):\(line)"
    found.append((line, KeyProblem(place: place, key: key, reason: reason, hint: hint)))
  }

  /// By line, and in the order in which they were found.
  public var all: [KeyProblem] {
    found.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }.map(\.element.problem)
  }

  /// All came from the command line.
  public var areOverrides: Bool { found.allSatisfy { $0.line == 0 } }
}
