#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The environment of this process, without Foundation.
public enum ProcessEnvironment {
  /// All variables; of duplicate names the first counts.
  public static func all() -> [String: String] {
    var values: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if let equals = text.firstIndex(of: "=") {
        let name = String(text[..<equals])
        if values[name] == nil { values[name] = String(text[text.index(after: equals)...]) }
      }
      next += 1
    }
    return values
  }

  /// The value of a variable; nil when it is unset or empty.
  public static func value(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}
