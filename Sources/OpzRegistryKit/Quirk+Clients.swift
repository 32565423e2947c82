package import OpzHub
import Synchronization

/// Deviations that clients must cope with and that no profile of the hub has.
extension Quirk {
  /// The bytes of an interrupted chunk are dropped, and the upload goes on.
  package static var dropsCutChunks: Quirk {
    Quirk(
      .reads { request, body, _ in
        guard request.kind == .uploadChunk || request.kind == .uploadFinish else { return }
        body = KnownBody(try await body.bytes(limit: 1 << 30))
      })
  }

  /// Each chunk gets this status.
  package static func refusesChunks(_ status: Int) -> Quirk {
    .refusing(.uploadChunk) { _, _ in .init(status) }
  }

  /// The `Range` of an empty upload.
  package static func emptyRange(_ text: String) -> Quirk {
    Quirk(.changes { _, response, _ in if response["Range"] == "0-0" { response["Range"] = text } })
  }

  /// The form of `Location`; `PATH` and `HOST` are replaced.
  package static func location(_ form: String) -> Quirk {
    Quirk(
      .changes { request, response, _ in
        guard let place = response["Location"], place.contains("/blobs/uploads/") else { return }
        response["Location"] = form.replacing("PATH", with: place).replacing("HOST", with: request.host)
      })
  }

  /// Each response has another `Location` with a state, as docker-registry's, and only the newest one takes bytes.
  /// - Parameter forgets: whether the status too is given only there.
  package static func freshLocations(forgets: Bool) -> Quirk {
    let steps = Steps()
    return Quirk(
      .refuses { request, _ in
        guard
          request.kind == .uploadStatus ? forgets : [.uploadChunk, .uploadFinish, .uploadCancel].contains(request.kind)
        else { return nil }
        return request.target.contains(steps.newest(request.path))
          ? nil : .init(404, body: .bytes(Array(#"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}"#.utf8)))
      },
      .changes { _, response, _ in
        guard let place = response["Location"], place.contains("/blobs/uploads/") else { return }
        response["Location"] = place + steps.next(place)
      })
  }

  /// The queries of the newest locations, by path.
  private final class Steps: Sendable {
    private let numbers = Mutex<[String: Int]>([:])

    func newest(_ path: String) -> String { query(numbers.withLock { $0[path, default: 0] }) }

    func next(_ path: String) -> String {
      query(
        numbers.withLock {
          $0[path, default: 0] += 1
          return $0[path, default: 0]
        })
    }

    private func query(_ number: Int) -> String { "?state=%2Fa%3D&step=\(number)." }
  }
}
