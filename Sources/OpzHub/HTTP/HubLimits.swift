/// What one client may ask for, so that none can take the hub from the others.
struct HubLimits: Sendable {
  /// Connections at once; more are answered 503. Each may have a file open, and a process has 1024 of both where nobody says otherwise.
  var connections = 400
  /// Uploads that were begun and not ended; one more ends the one that was left alone for the longest time.
  var uploads = 4096
  /// Seconds until a header, the next piece of a body, or the room for the next piece of an answer has to come.
  var patienceSeconds: Int64 = 60
  /// Seconds that a request may take once all of it is here.
  var workSeconds: Int64 = 900
  /// Bytes of a body that nobody wants that are still read, so that its sender sees the answer.
  var unwantedBytes = 64 << 20
  /// Seconds that this may take.
  var lingerSeconds: Int64 = 5

  init() {}
}
