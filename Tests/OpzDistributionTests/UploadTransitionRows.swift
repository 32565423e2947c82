import OpzHTTP
import OpzIO
import OpzOCI
import OpzTestKit
import Testing

@testable import OpzDistribution

/// One line of the transition table: a state, what happens in it, and what follows.
struct TransitionRow: Sendable, CustomTestStringConvertible {
  let state: UploadState
  /// What happens, in the words of the table.
  let event: String
  let input: UploadEvent
  var history: @Sendable (inout UploadHistory) -> Void = { _ in }
  var profile: @Sendable (inout RemoteRegistryProfile) -> Void = { _ in }
  var size: UInt64 = TransitionRow.large
  var candidates: [String] = []
  /// The next state, its request, the wait before, and what is done beside.
  let next: String

  static let large: UInt64 = 100 << 20
  static let small: UInt64 = 1 << 20

  var testDescription: String { "\(state.name): \(event)" }

  /// What the transition function gives.
  func step() throws -> UploadStep {
    var (profile, history) = (RemoteRegistryProfile(registry: "https://r.example"), UploadHistory(.known))
    self.profile(&profile)
    self.history(&history)
    let descriptor = Descriptor(
      mediaType: .layerTar, digest: Digest.of(Array("blob".utf8)), size: size)
    return UploadTransition(
      descriptor: descriptor, subject: "r.example/a", host: "r.example", profile: profile, quirks: .known,
      candidates: candidates, isJournaled: true
    ).next(state, input, history: history)
  }

  /// The line of the table.
  var line: String {
    "| \(state.name) | \(event) | \(next) |".split(separator: " ").joined(separator: " ")
  }
}

extension TransitionRow {
  static let location = WebAddress("https://r.example/v2/a/blobs/uploads/1")!

  static func session(_ acknowledged: UInt64 = 0, sending: UInt64 = 0) -> UploadSession {
    var session = UploadSession(location, .known)
    (session.acknowledged, session.sending) = (acknowledged, sending)
    return session
  }

  static func answer(_ status: Int, _ headers: [(String, String)] = [], code: DistributionError.Code? = nil)
    -> UploadEvent
  {
    let http = HTTPResponse(head: HTTPHead(status: status, headers: headers.map { (name: $0.0, value: $0.1) }))
    var refusal = RemoteErrorResponse.error(http, subject: "r.example/a", .known)
    if let code { refusal = DistributionError(code, "r.example/a", reason: "refused", status: status) }
    return .response(UploadResponse(http: http, location: location, refusal: refusal, seconds: 1))
  }

  static let use = ConnectionUse(sent: 20 << 20, milliseconds: 900)
  static let cut = UploadEvent.failure(
    UploadFailure(error: DistributionError(.connection, "r.example/a", reason: "reset"), sent: 4 << 20, use: use))
  static let refused = UploadEvent.failure(
    UploadFailure(error: DistributionError(.connection, "r.example/a", reason: "no connection")))
  static let busy = UploadEvent.failure(
    UploadFailure(error: DistributionError(.server, "r.example/a", reason: "the registry answered 503", status: 503)))
  static let unusable = UploadEvent.failure(
    UploadFailure(error: DistributionError(.refusedAddress, "r.example/a", reason: "the Location leads elsewhere")))
  static let spent = UploadEvent.exhausted(DistributionError(.connection, "r.example/a", reason: "reset"))
  static let broken: @Sendable (inout UploadHistory) -> Void = {
    ($0.broken, $0.breaks, $0.hasUnconfirmed) = (use, 1, true)
  }

  /// The table in the order in which a push meets it.
  static let all: [TransitionRow] = begin + mounting + monolithic + chunked + probing + verifying

  private static let begin: [TransitionRow] = [
    TransitionRow(
      state: .ready, event: "begins, with a session in the journal", input: .begun(session(16 << 20)),
      next: "probing | GET status | | "),
    TransitionRow(
      state: .ready, event: "begins, with a repository that may have the blob", input: .begun(nil),
      candidates: ["b"], next: "mounting | POST mount | | "),
    TransitionRow(
      state: .ready, event: "begins, a blob of up to 16 MiB", input: .begun(nil), size: small,
      next: "monolithic, opening | POST | | "),
    TransitionRow(
      state: .ready, event: "begins, a larger blob", input: .begun(nil), next: "chunked, opening | POST | | "),
    TransitionRow(
      state: .ready, event: "begins, a blob of more than a connection carries", input: .begun(nil),
      profile: { $0.uploadLimit = ConnectionLimit(1 << 20, milliseconds: 0, after: nil, now: 0) }, size: small,
      next: "chunked, opening | POST | | "),
  ]

  private static let mounting: [TransitionRow] = [
    TransitionRow(
      state: .mounting(0, nil), event: "201", input: answer(201), candidates: ["b"],
      next: "done | | | learns that mounts work"),
    TransitionRow(
      state: .mounting(0, nil), event: "202: declined, and a session is open", input: answer(202), candidates: ["b"],
      next: "chunked | PATCH, asks first | | "),
    TransitionRow(
      state: .mounting(0, nil), event: "405 or 501", input: answer(405), candidates: ["b"],
      next: "chunked, opening | POST | | learns that mounts do not work"),
    TransitionRow(
      state: .mounting(0, nil), event: "another status, with another candidate", input: answer(404),
      candidates: ["b", "c"], next: "mounting | POST mount | | "),
    TransitionRow(
      state: .mounting(0, nil), event: "any failure", input: busy, candidates: ["b"],
      next: "chunked, opening | POST | | "),
  ]

  private static let monolithic: [TransitionRow] = [
    TransitionRow(
      state: .monolithic(nil), event: "202", input: answer(202), size: small, next: "monolithic | PUT blob | | "),
    TransitionRow(
      state: .monolithic(nil), event: "another status", input: answer(404), size: small, next: "failed | | | "),
    TransitionRow(
      state: .monolithic(nil), event: "no connection, or 5xx, 429, 408", input: refused, size: small,
      next: "monolithic, opening | POST, new connection | retry | "),
    TransitionRow(
      state: .monolithic(session()), event: "201 or 204", input: answer(201), size: small, next: "done | | | "),
    TransitionRow(
      state: .monolithic(session()), event: "201 after chunks were refused", input: answer(201),
      history: { $0.fallback = .monolithic }, next: "done | | | learns the method"),
    TransitionRow(
      state: .monolithic(session()), event: "400, 404, 405, 411, 416 or 501", input: answer(405), size: small,
      next: "chunked, opening | POST | | cancels"),
    TransitionRow(
      state: .monolithic(session()), event: "the same after chunks were refused", input: answer(405),
      history: { $0.fallback = .monolithic }, next: "failed | | | cancels"),
    TransitionRow(
      state: .monolithic(session()), event: "413", input: answer(413), size: small,
      next: "chunked, opening | POST | | cancels"),
    TransitionRow(
      state: .monolithic(session()), event: "401 or 403", input: answer(403), size: small,
      next: "failed | | | cancels"),
    TransitionRow(
      state: .monolithic(session()), event: "the connection breaks", input: cut, size: small,
      next: "verifying | HEAD, new connection | retry | learns the connection's limit"),
    TransitionRow(
      state: .monolithic(session()), event: "5xx, 429 or 408", input: busy, size: small,
      next: "verifying | HEAD | retry | "),
  ]

  private static let chunked: [TransitionRow] = [
    TransitionRow(
      state: .chunked(nil), event: "202", input: answer(202), next: "chunked | PATCH, asks first | | "),
    TransitionRow(
      state: .chunked(nil), event: "202 with `OCI-Chunk-Min-Length`",
      input: answer(202, [("oci-chunk-min-length", "5242880")]),
      next: "chunked | PATCH, asks first | | learns the smallest chunk"),
    TransitionRow(state: .chunked(nil), event: "another status", input: answer(404), next: "failed | | | "),
    TransitionRow(
      state: .chunked(nil), event: "no connection, or 5xx, 429, 408", input: busy,
      next: "chunked, opening | POST | retry | "),
    TransitionRow(
      state: .chunked(session(0, sending: 16 << 20)), event: "202, 201 or 204", input: answer(202),
      next: "chunked | PATCH | | "),
    TransitionRow(
      state: .chunked(session(0, sending: 16 << 20)), event: "202, where connections have a limit",
      input: answer(202), profile: { $0.uploadLimit = ConnectionLimit(20 << 20, milliseconds: 0, after: nil, now: 0) },
      next: "chunked | PATCH, new connection | | "),
    TransitionRow(
      state: .chunked(session(large - 5, sending: 5)), event: "202 to the last chunk", input: answer(202),
      next: "chunked, closing | PUT | | "),
    TransitionRow(
      state: .chunked(session(0, sending: 16 << 20)), event: "413", input: answer(413),
      next: "probing | GET status | | "),
    TransitionRow(
      state: .chunked(session(0, sending: 16 << 20)), event: "416, up to three times", input: answer(416),
      next: "probing | GET status | settle | "),
    TransitionRow(
      state: .chunked(session(0, sending: 16 << 20)), event: "400, 404, 405, 411 or 501 to the first chunk",
      input: answer(404), next: "monolithic, opening | POST | | cancels"),
    TransitionRow(
      state: .chunked(session(16 << 20, sending: 16 << 20)), event: "the same to a later chunk", input: answer(404),
      next: "verifying | HEAD | start over | cancels, loses the bytes"),
    TransitionRow(
      state: .chunked(session(16 << 20, sending: 16 << 20)), event: "the same to a later chunk, a second time",
      input: answer(404), history: { $0.laterRefusals = 1 }, next: "monolithic, opening | POST | | cancels"),
    TransitionRow(
      state: .chunked(session(0, sending: 16 << 20)), event: "the same after a connection broke", input: answer(404),
      history: broken,
      next: "verifying | HEAD | start over | learns that cuts end sessions, learns the connection's limit, cancels, "
        + "loses the bytes"),
    TransitionRow(
      state: .chunked(session(16 << 20, sending: 16 << 20)), event: "the connection breaks", input: cut,
      next: "probing | GET status, new connection | settle | "),
    TransitionRow(
      state: .chunked(session(16 << 20, sending: 16 << 20)), event: "the connection breaks again", input: cut,
      history: {
        broken(&$0)
        $0.hasReconnected = true
      },
      next: "probing | GET status, new connection | retry | learns the connection's limit"),
    TransitionRow(
      state: .chunked(session(16 << 20, sending: 16 << 20)), event: "5xx, 429, 408 or no response", input: busy,
      next: "probing | GET status | retry | "),
    TransitionRow(
      state: .chunked(session(large)), event: "201 or 204 to the closing PUT", input: answer(201), next: "done | | | "),
    TransitionRow(
      state: .chunked(session(large)), event: "201, with a smaller limit for requests than before",
      input: answer(201), history: { $0.requestLimit = 1 << 20 }, next: "done | | | learns the largest request"),
    TransitionRow(
      state: .chunked(session(large)), event: "400 DIGEST_INVALID", input: answer(400, code: .wrongDigest),
      next: "verifying | HEAD | start over | cancels, loses the bytes"),
    TransitionRow(
      state: .chunked(session(large)), event: "the same a second time", input: answer(400, code: .wrongDigest),
      history: { $0.hadWrongDigest = true }, next: "failed | | | cancels, loses the bytes"),
    TransitionRow(
      state: .chunked(session(large)), event: "no response, 5xx, 429 or 408", input: busy,
      next: "verifying | HEAD | retry | "),
    TransitionRow(
      state: .chunked(session(16 << 20, sending: 16 << 20)), event: "401 or 403", input: answer(401),
      next: "failed, resumable | | | "),
    TransitionRow(
      state: .chunked(session(0, sending: 16 << 20)), event: "a `Location` that is not followed", input: unusable,
      next: "failed | | | cancels"),
    TransitionRow(
      state: .chunked(session(16 << 20, sending: 16 << 20)), event: "the retry budget is spent", input: spent,
      next: "failed, resumable | | | "),
  ]

  private static let probing: [TransitionRow] = [
    TransitionRow(
      state: .probing(SessionProbe(session(16 << 20), .failure)), event: "204, `Range` as before",
      input: answer(204, [("range", "0-16777215")]), history: broken,
      next: "chunked | PATCH | | learns that sessions survive cuts, notes where the connection broke"),
    TransitionRow(
      state: .probing(SessionProbe(session(16 << 20), .failure)), event: "204, `Range` as before, after another break",
      input: answer(204, [("range", "0-16777215")]),
      history: {
        broken(&$0)
        $0.breaks = 2
      },
      next: "chunked | PATCH | | learns that sessions survive cuts"),
    TransitionRow(
      state: .probing(SessionProbe(session(16 << 20), .failure)), event: "204, `Range` has grown",
      input: answer(204, [("range", "0-20000000")]), next: "probing | GET status | settle | "),
    TransitionRow(
      state: .probing(SessionProbe(session(large), .failure)), event: "204, all bytes are there",
      input: answer(204, [("range", "0-104857599")]), next: "chunked, closing | PUT | | "),
    TransitionRow(
      state: .probing(SessionProbe(session(16 << 20), .failure)), event: "404, or an impossible `Range`",
      input: answer(404), history: broken,
      next: "chunked, opening | POST | | learns that cuts end sessions, learns the connection's limit, "
        + "loses the bytes"),
    TransitionRow(
      state: .probing(SessionProbe(session(16 << 20), .resumed)), event: "204 for a session of the journal",
      input: answer(204, [("range", "0-16777215")]), next: "chunked | PATCH | | says where it resumes"),
    TransitionRow(
      state: .probing(SessionProbe(session(16 << 20), .resumed)), event: "404 for a session of the journal",
      input: answer(404), candidates: ["b"], next: "mounting | POST mount | | loses the bytes"),
    TransitionRow(
      state: .probing(
        SessionProbe(session(), .refusal(DistributionError(.badResponse, "r.example/a", reason: "416", status: 416)))),
      event: "204, nothing stored of a refused first chunk", input: answer(204, [("range", "0-0")]),
      next: "monolithic, opening | POST | | cancels"),
    TransitionRow(
      state: .probing(
        SessionProbe(
          session(16 << 20), .refusal(DistributionError(.badResponse, "r.example/a", reason: "416", status: 416)))),
      event: "404 after a refused chunk", input: answer(404),
      next: "verifying | HEAD | start over | loses the bytes"),
    TransitionRow(
      state: .probing(SessionProbe(session(16 << 20), .failure)), event: "401 or 403", input: answer(401),
      next: "failed, resumable | | | "),
    TransitionRow(
      state: .probing(SessionProbe(session(16 << 20), .failure)), event: "no connection, 5xx, 429 or 408",
      input: busy, next: "probing | GET status | retry | "),
  ]

  private static let verifying: [TransitionRow] = [
    TransitionRow(state: .verifying(nil), event: "200", input: answer(200), next: "done | | | "),
    TransitionRow(
      state: .verifying(nil), event: "404 without a session", input: answer(404),
      next: "chunked, opening | POST | | "),
    TransitionRow(
      state: .verifying(session(large)), event: "404 with a session", input: answer(404),
      next: "probing | GET status | | "),
    TransitionRow(
      state: .verifying(session(large)), event: "no connection, 5xx, 429 or 408", input: busy,
      next: "verifying | HEAD | retry | "),
  ]
}

extension UploadState {
  /// The name in the table.
  var name: String {
    switch self {
    case .ready: "ready"
    case .probing: "probing"
    case .mounting: "mounting"
    case .monolithic(nil): "monolithic, opening"
    case .monolithic: "monolithic"
    case .chunked(nil): "chunked, opening"
    case .chunked(let session?): session.acknowledged < TransitionRow.large ? "chunked" : "chunked, closing"
    case .verifying: "verifying"
    case .done: "done"
    case .failed(let error): error.bytesSafe == nil ? "failed" : "failed, resumable"
    }
  }
}

extension UploadStep {
  /// The cells of the table: the state, its request, the wait before it, and what is done beside.
  var cells: String {
    let wait =
      switch pause {
      case nil: ""
      case .settle: "settle "
      case .retry: "retry "
      case .startOver: "start over "
      }
    let request = request.map { $0.text + " " } ?? ""
    return "\(state.name) | \(request)| \(wait)| \(effects.map(\.text).joined(separator: ", "))"
  }
}

extension UploadRequest {
  fileprivate var text: String {
    let name =
      switch kind {
      case .status: "GET status"
      case .mount: "POST mount"
      case .open: "POST"
      case .chunk: asksFirst ? "PATCH, asks first" : "PATCH"
      case .whole: "PUT blob"
      case .close: "PUT"
      case .exists: "HEAD"
      }
    return isFresh ? "\(name), new connection" : name
  }
}

extension UploadEffect {
  fileprivate var text: String {
    switch self {
    case .cancel: "cancels"
    case .lose: "loses the bytes"
    case .note: "says where it resumes"
    case .learn(.mounts(let works)): works ? "learns that mounts work" : "learns that mounts do not work"
    case .learn(.chunkMinimum): "learns the smallest chunk"
    case .learn(.survivesCuts(let survives)):
      survives ? "learns that sessions survive cuts" : "learns that cuts end sessions"
    case .learn(.connectionLimit): "learns the connection's limit"
    case .learn(.connectionBreak): "notes where the connection broke"
    case .learn(.method): "learns the method"
    case .learn(.requestMaximum): "learns the largest request"
    }
  }
}
