/// A program of a package that dpkg runs when it installs the package. None is run for a layer, so it has to be one that
/// changes nothing.
public struct MaintainerScript: Sendable {
  /// Those that run at the first installation. `prerm` and `postrm` would run at a removal, which never comes.
  static let names = ["preinst", "postinst"]

  /// `postinst`
  public let name: String
  private let lines: [String]

  package init(name: String, text: [UInt8]) {
    self.name = name
    lines = String(decoding: text, as: UTF8.self).replacing("\\\n", with: " ").split(separator: "\n").map {
      String($0.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
  }

  /// The first line that does something; nil for a script that changes nothing in a new image: it runs ldconfig,
  /// whose cache glibc does without in Debian's own directories, or mends what earlier versions left.
  public var effect: String? {
    lines.first { line in
      !(line.isEmpty || line.hasPrefix("#") || MaintainerScript.plain.contains(line)
        || MaintainerScript.isHarmless(line) || MaintainerScript.isCondition(line))
    }
  }

  private static let plain: Set<String> = [
    "fi", "esac", ";;", "then", "else", "exit 0", "exit 0 ;;", ":", "true", "set -e", "set -eu", "set -u",
  ]
  private static let commands: Set<String> = [
    "ldconfig", "/sbin/ldconfig", "dpkg-maintscript-helper", "dpkg-trigger", "echo", "exit",
  ]

  /// A command that changes nothing, alone in its line.
  private static func isHarmless(_ line: String) -> Bool {
    guard let first = line.split(whereSeparator: \.isWhitespace).first, commands.contains(String(first)) else {
      return false
    }
    return isAlone(line)
  }

  /// The branches of a script: `case "$1" in`, `configure)`, `if [ "$1" = configure ]; then`.
  private static func isCondition(_ line: String) -> Bool {
    if line.hasSuffix(")"), line.utf8.allSatisfy({ isOfPattern($0) || $0 == UInt8(ascii: ")") }) { return true }
    if line.hasPrefix("case "), line.hasSuffix(" in") { return isAlone(line) }
    guard line.hasPrefix("if [ ") || line.hasPrefix("elif [ "), line.hasSuffix("then") else { return false }
    let test = line.dropFirst(line.hasPrefix("if") ? 2 : 4).dropLast(4)
      .split { $0 == ";" || $0 == "&" || $0 == "|" }
    return test.allSatisfy { part in
      let part = part.drop(while: \.isWhitespace)
      return part.isEmpty || (part.hasPrefix("[ ") && isAlone(part))
    }
  }

  private static func isOfPattern(_ byte: UInt8) -> Bool {
    (97...122).contains(byte) || (65...90).contains(byte) || [42, 45, 32, 124, 95].contains(byte)
  }

  /// Whether a line has no second command and no redirection.
  private static func isAlone(_ text: some StringProtocol) -> Bool {
    !text.utf8.contains { Array("|&;<>`(".utf8).contains($0) }
  }
}
