import OpzHTTP
import OpzIO

/// Where the upload of one blob stands (distribution-spec 1.1, "Pushing blobs"): which request is under way, and what is
/// known. `UploadTransition` leads from one state to the next, and `BlobUpload` sends the requests.
enum UploadState: Sendable {
  /// Nothing was sent yet.
  case ready
  /// The status of a session is fetched, because it is unknown how much of it the registry has.
  case probing(SessionProbe)
  /// The blob is mounted from the candidate with this number. The session is one that a declined mount opened.
  case mounting(Int, UploadSession?)
  /// The blob is sent in one request; without a session, one is being opened.
  case monolithic(UploadSession?)
  /// The blob is sent in chunks, and then the session is closed; without a session, one is being opened.
  case chunked(UploadSession?)
  /// It is checked whether the blob is stored, because a response was lost that may have said so.
  case verifying(UploadSession?)
  case done(ProgressOutcome)
  case failed(DistributionError)

  /// The session that is open.
  var session: UploadSession? {
    switch self {
    case .probing(let probe): probe.session
    case .mounting(_, let session), .monolithic(let session), .chunked(let session), .verifying(let session): session
    case .ready, .done, .failed: nil
    }
  }
}

/// A session whose status is fetched.
struct SessionProbe: Sendable {
  /// Why the status is unknown.
  enum Cause: Sendable {
    /// An earlier process opened the session.
    case resumed
    /// The last request failed.
    case failure
    /// The registry refused the last chunk, and may have stored it before.
    case refusal(DistributionError)
    /// The last chunk was too large.
    case tooLarge
  }

  var session: UploadSession
  let cause: Cause
  /// The bytes that were confirmed before the first status.
  let known: UInt64
  var count = 0

  /// How often the status of a growing session is fetched.
  static let limit = 20

  init(_ session: UploadSession, _ cause: Cause) {
    self.session = session
    self.cause = cause
    known = session.acknowledged
  }
}

/// What happened in a state.
enum UploadEvent: Sendable {
  /// The upload begins, with the session that an earlier process left in the journal.
  case begun(UploadSession?)
  /// The registry responded, and not with a status that may pass by itself.
  case response(UploadResponse)
  /// There was no response, or one that may pass by itself or cannot be used.
  case failure(UploadFailure)
  /// The last failure is not tried again: the retry budget is spent.
  case exhausted(DistributionError)
}

/// A response to a request of an upload.
struct UploadResponse: Sendable {
  let http: HTTPResponse
  /// The `Location`, resolved and checked; nil without one.
  var location: WebAddress?
  /// The error that the response means where it is not the one wanted.
  let refusal: DistributionError
  /// Seconds from the request to the response.
  var seconds = 0.0

  var status: Int { http.status }
}

/// A request of an upload that failed.
struct UploadFailure: Sendable {
  let error: DistributionError
  /// Bytes of its body that were on their way.
  var sent: UInt64 = 0
  /// What the connection had carried, if it broke.
  var use: ConnectionUse?
}

/// A request of an upload, as the distribution-spec names it.
struct UploadRequest: Sendable {
  enum Kind: Sendable {
    /// `GET` of the session.
    case status(UploadSession)
    /// `POST` with `mount` and `from`.
    case mount(from: String)
    /// `POST`.
    case open
    /// `PATCH` with the session's next bytes.
    case chunk(UploadSession, size: UInt64)
    /// `PUT` with the whole blob.
    case whole(UploadSession)
    /// `PUT` without a body.
    case close(UploadSession)
    /// `HEAD` of the blob.
    case exists
  }

  let kind: Kind
  /// On a new connection: the last one broke, or none may carry more than one body.
  var isFresh = false
  /// The registry is asked for a go-ahead before the body (`Expect: 100-continue`), so that a refusal costs no data.
  var asksFirst = true
}

/// What one upload has seen so far, whatever its state.
struct UploadHistory: Sendable {
  var pacer: ChunkPacer
  /// The upload method to use instead of the one that the registry profile suggests.
  var fallback: UploadMethod?
  /// The limit on request bodies after one was refused as too large, in bytes.
  var requestLimit: UInt64?
  var firstRefusal: DistributionError?
  /// How often a chunk after the first was refused although no connection had broken.
  var laterRefusals = 0
  /// The most bytes that were ever confirmed.
  var furthest: UInt64 = 0
  /// How often the status was fetched after a refused chunk since `furthest` grew.
  var probedRefusals = 0
  /// The assembled chunks had another digest than the blob.
  var hadWrongDigest = false
  /// The next request needs a new connection, because the last one broke.
  var needsFresh = false
  /// Bytes were sent that the registry has neither confirmed nor lost yet.
  var hasUnconfirmed = false
  /// The connection that broke last, until a chunk is accepted.
  var broken: ConnectionUse?
  /// Bytes of the body that this connection was given last.
  var inFlight: UInt64 = 0
  var breaks = 0
  /// The last break was not counted as an attempt.
  var hasReconnected = false

  init(_ quirks: RemoteQuirks) { pacer = ChunkPacer(quirks) }
}

/// What is done beside the next request.
enum UploadEffect: Sendable {
  /// Cancels a session that is given up.
  case cancel(UploadSession)
  /// The registry no longer has these confirmed bytes.
  case lose(UInt64)
  case note(String)
  case learn(UploadLesson)
}

/// What the registry has shown, for its `RemoteRegistryProfile`.
enum UploadLesson: Sendable, Equatable {
  case mounts(Bool)
  case chunkMinimum(UInt64)
  case survivesCuts(Bool)
  /// Where a connection broke.
  case connectionLimit(ConnectionUse)
  /// Where a connection broke for the first time, in a session that went on.
  case connectionBreak(ConnectionUse)
  /// A method that worked after the usual one was refused.
  case method(UploadMethod)
  /// A limit on request bodies under which the upload worked.
  case requestMaximum(UInt64)
}

/// The wait before the next request.
enum UploadPause: Sendable {
  /// A moment for data that is still on its way.
  case settle
  /// As the retry budget says after a failure.
  case retry(DistributionError)
  /// The same where the blob starts over.
  case startOver(DistributionError)
}

/// The next state, with the request that it sends; none in `done` and `failed`.
struct UploadStep: Sendable {
  var state: UploadState
  var history: UploadHistory
  var request: UploadRequest?
  var pause: UploadPause?
  var effects: [UploadEffect] = []
}
