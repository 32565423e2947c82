import OpzIO
import OpzJSON

/// A bearer token and when it ends.
struct Token: Sendable {
  let value: String
  let expires: Timestamp

  /// Still good for a request that begins now.
  func isFresh(at now: Timestamp) -> Bool { now < expires }

  private struct Answer: Decodable {
    var token: String?
    var access_token: String?
    var expires_in: Double?
    var issued_at: String?
  }

  /// The longest life that is believed, in seconds.
  static let longestLife: Int64 = 86_400

  /// Reads a token server's answer (distribution's token authentication specification): `token` or `access_token`, a life of
  /// 60 s where none is said. A fifth of the life, 30 s at most, is left for clocks and for the request itself.
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
    // A token server's clock may be wrong; a token is never taken to be younger than it is, nor to come from the future.
    let issued = answer.issued_at.flatMap { Timestamp($0) }.map { min($0, now) } ?? now
    let end = issued.milliseconds &+ life &- min(life / 5, 30_000)
    return Token(value: value, expires: Timestamp(milliseconds: end))
  }
}
