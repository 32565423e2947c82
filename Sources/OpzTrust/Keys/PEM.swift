import OpzIO

/// The text encoding of keys (RFC 7468).
enum PEM {
  static let publicKeyHint = "openssl pkey -in KEY -pubout -out KEY.pub writes the public half of a key"

  /// Refuses a file with two keys: readers could disagree on which one counts.
  static func requireSingleKey(_ label: String, in pem: [UInt8], _ name: String) throws {
    guard pem.count <= 1 << 16 else {
      throw TrustError(.badKey, name, reason: "\(pem.count) bytes is too large for a key")
    }
    try requireASCII(pem, name)
    let text = String(decoding: pem, as: UTF8.self)
    let labels = text.split(separator: "\n").compactMap { line -> Substring? in
      guard line.hasPrefix("-----BEGIN "), let end = line.dropFirst(11).firstRange(of: "-----") else { return nil }
      return line.dropFirst(11)[..<end.lowerBound]
    }
    guard let first = labels.first else {
      throw TrustError(
        .badKey, name, reason: "it contains no PEM key", hint: "a key file begins with -----BEGIN \(label)-----")
    }
    guard labels.count == 1 || (labels.count == 2 && first == "EC PARAMETERS") else {
      throw TrustError(.badKey, name, reason: "it contains \(labels.count) PEM blocks, and must contain one key")
    }
    let isPrivate = label == "PRIVATE KEY"
    guard let found = labels.last, isPrivate ? found.hasSuffix("PRIVATE KEY") : found == label else {
      throw TrustError(
        .badKey, name, reason: "it contains a \(labels.last ?? ""), not a \(label)",
        hint: isPrivate ? nil : publicKeyHint)
    }
  }

  /// Windows editors and shells write such files, and libcrypto would find no key in them.
  private static func requireASCII(_ pem: [UInt8], _ name: String) throws {
    let found: String
    switch (pem.first, pem.dropFirst().first) {
    case (0xEF?, 0xBB?): found = "it begins with a byte order mark"
    case (0xFF?, 0xFE?), (0xFE?, 0xFF?), (0?, _), (_, 0?): found = "it is text in UTF-16 or UTF-32"
    default: return
    }
    throw TrustError(
      .badKey, name, reason: "\(found); a PEM key is ASCII", hint: "save the file as UTF-8 without a byte order mark")
  }

  static func encode(_ der: [UInt8], _ label: String) -> String {
    var text = "-----BEGIN \(label)-----\n"
    var rest = Base64.encode(der)[...]
    while !rest.isEmpty {
      text += rest.prefix(64) + "\n"
      rest = rest.dropFirst(64)
    }
    return text + "-----END \(label)-----\n"
  }
}
