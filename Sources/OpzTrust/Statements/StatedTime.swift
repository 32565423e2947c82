public import OpzIO
public import OpzJSON

/// The times that a document says of itself. One that has not come yet is a lie or a wrong clock, and would make the document the newest for as
/// long as its author likes.
enum StatedTime {
  /// Milliseconds by which two machines' clocks may differ.
  static let tolerance: Int64 = 5 * 60 * 1000

  /// - Throws: `TrustError.malformed` for a moment after `now`.
  static func check(_ moment: Timestamp, _ place: String, now: Timestamp, subject: String) throws {
    guard moment.milliseconds > now.milliseconds &+ tolerance else { return }
    throw TrustError(
      .malformed, subject, "\(place) is \(moment.seconds), which is in the future: it is \(now.seconds)",
      hint: "the clock of this machine or of the one that made the document is wrong")
  }

  /// Reads a document's own times by their places in it (`metadata.timestamp`).
  /// - Throws: `TrustError.malformed` for a time after `now`, or what is no time (RFC 3339).
  static func check(_ document: JSONValue, at places: [String], now: Timestamp, subject: String) throws {
    for place in places {
      var value: JSONValue? = document
      for key in place.split(separator: ".") { value = value?[String(key)] }
      guard let value else { continue }
      guard let moment = value.string.flatMap({ Timestamp($0) }) else {
        throw TrustError(.malformed, subject, "\(place) is no time (RFC 3339)")
      }
      try check(moment, place, now: now, subject: subject)
    }
  }

  /// Where predicates of a type have their times (each specification's `metadata`).
  static func places(_ predicateType: String) -> [String] {
    switch predicateType {
    case PredicateType.provenance.uri: ["runDetails.metadata.startedOn", "runDetails.metadata.finishedOn"]
    case "https://slsa.dev/provenance/v0.2": ["metadata.buildStartedOn", "metadata.buildFinishedOn"]
    case "https://slsa.dev/verification_summary/v1": ["timeVerified"]
    case PredicateType.vulnerabilities.uri: ["metadata.scanStartedOn", "metadata.scanFinishedOn"]
    case "https://in-toto.io/attestation/deployment/v1": ["creationTime"]
    default: []
    }
  }
}

extension PredicateType {
  /// Whether the times that a document of this type says of itself have come.
  /// - Throws: `TrustError.malformed` for one that is more than five minutes after `now`, or is no time.
  public func checkTimes(_ document: JSONValue, now: Timestamp, subject: String) throws {
    try StatedTime.check(document, at: StatedTime.places(uri), now: now, subject: subject)
    guard self == .scan else { return }
    for verdict in try ScanVerdict.read(document, subject: subject) {
      if let ended = verdict.ended { try StatedTime.check(ended, "endTimeUtc", now: now, subject: subject) }
    }
  }
}
