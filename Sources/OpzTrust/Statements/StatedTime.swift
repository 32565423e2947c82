public import OpzIO
public import OpzJSON

/// The times that a document states about itself. A time in the future is a lie or a wrong clock, and would make the
/// document the newest until then.
enum StatedTime {
  /// How far apart the clocks of two machines may be, in milliseconds.
  static let tolerance: Int64 = 5 * 60 * 1000

  /// Checks that a stated time is not in the future.
  /// - Throws: `TrustError.malformed` for a time after `now`.
  static func check(_ moment: Timestamp, _ place: String, now: Timestamp, subject: String) throws {
    guard moment.milliseconds > now.milliseconds &+ tolerance else { return }
    throw TrustError(
      .malformed, subject, reason: "\(place) is \(moment.seconds), which is in the future: it is \(now.seconds)",
      hint: "the clock of this machine or of the one that made the document is wrong")
  }

  /// Checks a document's stated times, given as paths into it (`metadata.timestamp`).
  /// - Throws: `TrustError.malformed` for a time after `now`, or for text that is not a time (RFC 3339).
  static func check(_ document: JSONValue, at places: [String], now: Timestamp, subject: String) throws {
    for place in places {
      var value: JSONValue? = document
      for key in place.split(separator: ".") { value = value?[String(key)] }
      guard let value else { continue }
      guard let moment = value.string.flatMap({ Timestamp($0) }) else {
        throw TrustError(.malformed, subject, reason: "\(place) is not a time (RFC 3339)")
      }
      try check(moment, place, now: now, subject: subject)
    }
  }

  /// The paths of the times in predicates of a type (each specification's `metadata`).
  static func places(_ predicateType: String) -> [String] {
    switch predicateType {
    case PredicateType.provenance.uri: ["runDetails.metadata.startedOn", "runDetails.metadata.finishedOn"]
    case "https://slsa.dev/provenance/v0.2": ["metadata.buildStartedOn", "metadata.buildFinishedOn"]
    case "https://slsa.dev/verification_summary/v1": ["timeVerified"]
    case PredicateType.vulnerabilities.uri: ["metadata.scanStartedOn", "metadata.scanFinishedOn"]
    case "https://in-toto.io/attestation/deployment/v1": ["creationTime"]
    case PredicateType.sqlVerification.uri: ["ended"]
    default: []
    }
  }
}

extension PredicateType {
  /// Checks that none of the times that a document of this type states is in the future.
  /// - Throws: `TrustError.malformed` for a time more than five minutes after `now`, or for text that is not a time.
  public func checkTimes(_ document: JSONValue, now: Timestamp, subject: String) throws {
    try StatedTime.check(document, at: StatedTime.places(uri), now: now, subject: subject)
    guard self == .scan else { return }
    for verdict in try ScanVerdict.read(document, subject: subject) {
      if let ended = verdict.ended { try StatedTime.check(ended, "endTimeUtc", now: now, subject: subject) }
    }
  }
}
