public import OpzIO

/// An archive's Release file: the digests of its indexes, and how long they are valid (DebianRepository/Format).
public struct ReleaseFile: Sendable {
  /// A file that a Release names.
  public struct Entry: Sendable, Hashable {
    /// Relative to the Release file.
    public let path: String
    public let digest: Digest
    public let size: UInt64
  }

  private let entries: [String: Entry]
  /// As apt's: 1 for archives that packages are taken from only by name, 100 where upgrades are allowed, else 500.
  public let priority: Int
  private let validUntil: String?
  /// What the archive calls itself: its suite and its codename, where it says them.
  public let names: [String]

  /// Reads a Release, or the text of an InRelease.
  /// - Throws: `DebianError.malformed`.
  public init(_ bytes: [UInt8], subject: String) throws {
    let paragraphs = try ControlParagraph.all(in: bytes, subject: subject, limit: 1)
    guard let release = paragraphs.first else { throw DebianError(.malformed, subject, reason: "it is empty") }
    var entries: [String: Entry] = [:]
    for line in (release["SHA256"] ?? "").split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.count == 3, let digest = Digest(algorithm: .sha256, hex: String(words[0])),
        let size = UInt64(words[1])
      else { throw DebianError(.malformed, subject, reason: "\"\(line.prefix(120))\" is no file with its SHA-256") }
      entries[String(words[2])] = Entry(path: String(words[2]), digest: digest, size: size)
    }
    self.entries = entries
    let isManual = release["NotAutomatic"]?.lowercased() == "yes"
    priority = !isManual ? 500 : release["ButAutomaticUpgrades"]?.lowercased() == "yes" ? 100 : 1
    validUntil = release["Valid-Until"]
    names = ["Suite", "Codename"].compactMap { release[$0] }.filter { !$0.isEmpty }
  }

  /// Refuses a file that is no longer valid: somebody may show an old one on purpose.
  /// - Throws: `DebianError.untrusted`.
  public func check(at now: Timestamp, subject: String) throws {
    guard let validUntil else { return }
    guard let end = HTTPDate.parse(validUntil.replacing("UTC", with: "GMT")) else {
      throw DebianError(.malformed, subject, reason: "\"\(validUntil.prefix(80))\" is no date")
    }
    guard now <= end else {
      throw DebianError(
        .untrusted, subject, reason: "it was valid until \(validUntil.prefix(80))",
        hint: "for an archive that is kept as it was: runtime.archive with [check-valid-until=no]")
    }
  }

  /// The index of a component, compressed as well as it is.
  public func packages(_ component: String?, architecture: String) -> Entry? {
    let directory = component.map { "\($0)/binary-\(architecture)/" } ?? ""
    for name in PackageIndex.fileNames {
      // The index of a flat archive may be named with the directory that it is in.
      if let found = entries[directory + name] ?? entries["./\(directory)\(name)"] { return found }
    }
    return nil
  }
}

extension PackageIndex {
  /// Its names in an archive, the best compressed first.
  public static let fileNames = ["Packages.xz", "Packages.gz", "Packages"]
}

/// A text with a signature around it, as InRelease is (RFC 9580, section 7).
public struct ClearSignedText: Sendable {
  /// What is signed, without the line feed before the signature.
  public let text: [UInt8]
  /// The signature in its armor.
  public let signature: [UInt8]

  /// The most bytes of a line. gpgv hashes some 20,000 of one at most, and would not see the rest.
  private static let longestLine = 10_000

  private static let begin = Array("-----BEGIN PGP SIGNED MESSAGE-----".utf8)
  private static let middle = Array("-----BEGIN PGP SIGNATURE-----".utf8)
  private static let end = Array("-----END PGP SIGNATURE-----".utf8)

  /// Takes a signed text apart. Nothing may be before or behind it, which no signature would cover.
  /// - Throws: `DebianError.malformed`.
  public init(_ bytes: [UInt8], subject: String) throws {
    func malformed(_ reason: String) -> DebianError { DebianError(.malformed, subject, reason: reason) }
    var lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map { line in
      var line = line
      while let last = line.last, last == 13 || last == 32 || last == 9 { line.removeLast() }
      return line
    }[...]
    while lines.last?.isEmpty == true { lines.removeLast() }
    for line in lines where line.count > ClearSignedText.longestLine || line.contains(13) {
      throw malformed("a line is too long, or has a carriage return inside, and may not be what was signed")
    }
    guard lines.first?.elementsEqual(ClearSignedText.begin) == true else { throw malformed("it is not signed") }
    lines.removeFirst()
    while let header = lines.first, !header.isEmpty {
      guard header.starts(with: Array("Hash:".utf8)) else { throw malformed("its armor has a header other than Hash") }
      lines.removeFirst()
    }
    lines = lines.dropFirst()
    guard let place = lines.firstIndex(where: { $0.elementsEqual(ClearSignedText.middle) }),
      lines.last?.elementsEqual(ClearSignedText.end) == true,
      lines.firstIndex(where: { $0.elementsEqual(ClearSignedText.end) }) == lines.indices.last
    else { throw malformed("its signature is cut short, or something follows it") }
    text = try Array(
      lines[..<place].map { line -> ArraySlice<UInt8> in
        guard line.first == UInt8(ascii: "-") else { return line }
        guard line.dropFirst().first == 32 else { throw malformed("a line begins with a hyphen that is not escaped") }
        return line.dropFirst(2)
      }.joined(separator: [10]))
    signature = Array(lines[place...].joined(separator: [10])) + [10]
  }
}

/// A file of OpenPGP keys, which gpgv reads without armor.
public enum Keyring {
  /// The keys without their armor; the same bytes where there is none.
  /// - Throws: `DebianError.malformed`.
  public static func binary(_ bytes: [UInt8], subject: String) throws -> [UInt8] {
    let mark = Array("-----BEGIN PGP PUBLIC KEY BLOCK-----".utf8)
    guard bytes.drop(while: { $0 <= 32 }).starts(with: mark) else { return bytes }
    var keys: [UInt8] = []
    var body: String?
    var inHeaders = false
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) {
      let line = line.filter { !$0.isWhitespace || $0 == " " }.trimmingSpaces
      if line.hasPrefix("-----BEGIN") {
        (body, inHeaders) = ("", true)
      } else if line.hasPrefix("-----END") {
        guard let text = body, let block = Base64.decode(text) else {
          throw DebianError(.malformed, subject, reason: "the armor of its keys cannot be read")
        }
        keys += block
        body = nil
      } else if inHeaders, line.isEmpty || line.contains(": ") {
        if line.isEmpty { inHeaders = false }
      } else if !line.hasPrefix("=") {
        // A line with = is the checksum.
        inHeaders = false
        body?.append(line)
      }
    }
    return keys
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
