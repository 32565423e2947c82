/// Where the keys of a document stand: `lineage.data.0` is on line 12.
public struct KeyPlaces: Sendable, Hashable {
  /// For messages: `opz.yaml`.
  public var file: String
  var lines: [String: Int] = [:]

  public init(file: String) { self.file = file }

  /// For messages: `opz.yaml:12`, `--set` for a key that the command line gave, the file alone for a key that is not there.
  public func subject(_ key: String) -> String {
    guard let line = lines[key] else { return file }
    return line == 0 ? "--set" : "\(file):\(line)"
  }
}
