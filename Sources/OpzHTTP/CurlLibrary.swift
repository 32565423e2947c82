import CCurl

/// libcurl as it is installed here: the one that came with the program, else the system's.
public enum CurlLibrary {
  /// Loads it; the first call reads some files.
  /// - Throws: `HTTPError` with the code `connection` where it cannot be loaded.
  static func load() throws {
    guard let problem = opz_curl_load() else { return }
    throw HTTPError(
      .connection, "libcurl", reason: String(cString: problem), hint: "install libcurl: apt-get install libcurl4")
  }

  /// Loads it, and returns what it says of itself: `7.88.1 OpenSSL/3.0.19 ..`.
  /// - Throws: `HTTPError` with the code `connection` where it cannot be loaded.
  public static func version() throws -> String {
    try load()
    let text = curl_version().map { String(cString: $0) } ?? "unknown"
    return text.hasPrefix("libcurl/") ? String(text.dropFirst(8)) : text
  }
}
