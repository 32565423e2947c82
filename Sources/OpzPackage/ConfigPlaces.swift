/// Where the keys of opz.yaml stand: `lineage.data.0` is on line 12.
public struct ConfigPlaces: Sendable, Hashable {
  /// For messages: `opz.yaml`.
  public var file: String
  var lines: [String: Int] = [:]

  /// For messages: `opz.yaml:12`, `--set` for a key that the command line gave, the file alone for a key that is not there.
  public func subject(_ key: String) -> String {
    guard let line = lines[key] else { return file }
    return line == 0 ? "--set" : "\(file):\(line)"
  }
}
