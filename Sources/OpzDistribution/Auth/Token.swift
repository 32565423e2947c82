import OpzIO
import OpzJSON

/// A bearer token and when it expires.
struct Token: Sendable {
  let value: String
  let expires: Timestamp

  /// Whether the token is valid for a request that starts now.
  func isFresh(at now: Timestamp) -> Bool { now < expires }

  private struct Answer: Decodable {
    var token: String?
    var access_token: String?
    var expires_in: Double?
    var issued_at: String?
  }

  /// The longest lifetime that is believed, in seconds.
  static let longestLife: Int64 = 86_400

  /// Parses a token server's response (distribution, "Token Authentication Specification"): `token` or
  /// `access_token`, with a lifetime of 60 s where none is given. The token expires a fifth of its lifetime early, at
  /// most 30 s, to allow for clock skew and the request's duration.
  /// - Throws: `DistributionError` with the code `badResponse`.
  static func parse(_ body: [UInt8], now: Timestamp, subject: String) throws -> Token {
    guard let answer = try? JSONDecoding.decode(Answer.self, from: body),
      let value = [answer.token, answer.access_token].compactMap({ $0 }).first(where: { !$0.isEmpty })
    else {
      throw DistributionError(.badResponse, subject, "the token server's answer has no token")
    }
    guard value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw DistributionError(.badResponse, subject, "the token server's token has characters that no token has")
    }
    let seconds = answer.expires_in ?? 60
    let life = seconds.isFinite && seconds > 0 ? Int64(min(seconds, Double(longestLife)) * 1000) : 60_000
    // A token server's clock may be wrong, so `issued_at` is never taken to be in the future.
    let issued = answer.issued_at.flatMap { Timestamp($0) }.map { min($0, now) } ?? now
    let end = issued.milliseconds &+ life &- min(life / 5, 30_000)
    return Token(value: value, expires: Timestamp(milliseconds: end))
  }
}
