/// Whether a path in a file leads out of the file's own directory.
enum EscapingPath {
  static func isOutside(_ path: String) -> Bool {
    if path.hasPrefix("/") || path.hasPrefix("\\") || path.hasPrefix("~") || path.contains("://") { return true }
    if path.contains("\0") { return true }
    // A Windows drive.
    let bytes = Array(path.utf8.prefix(2))
    if bytes.count == 2, bytes[1] == UInt8(ascii: ":") { return true }
    return path.split(whereSeparator: { $0 == "/" || $0 == "\\" }).contains { $0 == ".." }
  }
}
