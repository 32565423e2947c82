/// The lines of a document's keys: `lineage.data.0` is on line 12.
public struct KeyLocations: Sendable, Hashable {
  /// The file's name in messages: `opz.yaml`.
  public var file: String
  var lines: [String: Int] = [:]

  /// Starts without keys; a `YAMLScope` records them as it reads.
  public init(file: String) { self.file = file }

  /// The location of a key in messages: `opz.yaml:12`; `--set` for a key from the command line; the file alone for a
  /// missing key.
  public func subject(_ key: String) -> String {
    guard let line = lines[key] else { return file }
    return line == 0 ? "--set" : "\(file):\(line)"
  }
}
