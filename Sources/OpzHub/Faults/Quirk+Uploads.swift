import OpzHTTPServer
import OpzIO
import OpzOCI

/// How registries take blobs.
extension Quirk {
  /// Only the last chunk may be smaller than this many bytes.
  package static func chunkMinimum(_ least: UInt64) -> Quirk {
    .refusing(.uploadChunk) { request, memory in
      guard let last = memory.replace("chunk " + request.path, request.length), last < least else { return nil }
      return SpecError(400, .sizeInvalid, message: "a chunk before the last had \(last) bytes, fewer than \(least)")
        .response
    }
  }

  /// Chunks above this many bytes are refused with this status.
  package static func chunkMaximum(_ most: UInt64, status: Int) -> Quirk {
    .refusing(.uploadChunk) { request, _ in
      guard (request.length ?? 0) > most else { return nil }
      return SpecError(status, .sizeInvalid, message: "a chunk may have at most \(most) bytes").response
    }
  }

  /// Sends `OCI-Chunk-Min-Length` with the minimum.
  package static func announcesMinimum(_ least: UInt64) -> Quirk {
    .changing(.uploadStart, status: 202) { _, response, _ in response["OCI-Chunk-Min-Length"] = "\(least)" }
  }

  /// Chunked uploads are not supported: a second chunk gets 405.
  package static var noChunks: Quirk {
    .refusing(.uploadChunk) { request, memory in
      guard memory.replace("chunk " + request.path, 1) != nil else { return nil }
      return SpecError(405, .unsupported, message: "chunked uploads are not supported").response
    }
  }

  /// A chunk gets this status instead of 202.
  package static func chunkStatus(_ status: Int) -> Quirk {
    .changing(.uploadChunk, status: 202) { _, response, _ in response.status = status }
  }

  /// `Range` stays at the end of the first chunk, although later chunks are stored.
  package static var rangeSticks: Quirk {
    Quirk(
      .changes { request, response, memory in
        guard [.uploadChunk, .uploadStatus].contains(request.kind), let range = response["Range"] else { return }
        response["Range"] = memory.first("range " + request.path, range)
      })
  }

  /// Refuses `Content-Range: bytes ..` and says so.
  package static var plainRangesOnly: Quirk {
    .refusing(.uploadChunk) { request, _ in
      guard request.header("content-range")?.hasPrefix("bytes") == true else { return nil }
      return SpecError(400, .sizeInvalid, message: "Content-Range has to be START-END").response
    }
  }

  /// A PUT with the bytes of an upload that received no chunk gets this status.
  package static func chunkBeforePut(status: Int = 404) -> Quirk {
    .refusing(.uploadChunk, .uploadFinish) { request, memory in
      let isFirst = memory.replace("chunk " + request.path, 1) == nil
      guard request.kind == .uploadFinish, isFirst else { return nil }
      return SpecError(status, .blobUploadUnknown, message: "no such upload").response
    }
  }

  /// A mount without `from` gets 400.
  package static var mountNeedsFrom: Quirk {
    .refusing(.uploadStart) { request, _ in
      guard request.query["mount"] != nil, request.query["from"] == nil else { return nil }
      return SpecError(400, .nameInvalid, message: "from is missing").response
    }
  }

  /// Accepts chunks in any order and appends them.
  package static var acceptsUnorderedChunks: Quirk {
    Quirk(.reads { request, _, _ in request.headers.remove("content-range") })
  }

  /// An interrupted chunk ends the upload.
  package static var cutEndsUpload: Quirk { Quirk(.endsCutUploads) }

  /// This many blobs are acknowledged but then unknown until they are pushed again.
  package static func lostBlobs(_ most: Int) -> Quirk {
    Quirk(
      .refuses { request, memory in
        guard request.kind == .blobHead || request.kind == .blobGet, case .blob(_, let text) = request.route,
          let digest = Digest(text), memory.lost.contains(digest)
        else { return nil }
        return SpecError(404, .blobUnknown, message: "blob unknown to registry").response
      },
      .reads { request, body, memory in
        guard let manifest = try await manifest(request, &body) else { return }
        let text = String(decoding: manifest, as: UTF8.self)
        guard let lost = memory.lost.first(where: { text.contains($0.description) }) else { return }
        throw SpecError(404, .manifestBlobUnknown, message: "blob unknown to registry: \(lost)")
      },
      .changes { request, response, memory in
        guard request.kind == .uploadFinish || request.kind == .uploadStart, response.status == 201,
          request.query["mount"] == nil, let digest = request.query["digest"].flatMap({ Digest($0) })
        else { return }
        memory.stored(digest, losing: most)
      })
  }

  /// `Location` is absolute and has a query without which the upload is unknown.
  package static var statefulLocation: Quirk {
    Quirk(
      .refuses { request, _ in
        guard [.uploadChunk, .uploadFinish, .uploadStatus].contains(request.kind),
          request.query["_state"] != request.path.split(separator: "/").last.map(state)
        else { return nil }
        return SpecError(404, .blobUploadInvalid, message: "blob upload invalid").response
      },
      .changes { request, response, _ in
        guard let place = response["Location"] else { return }
        let id = place.contains("/blobs/uploads/") ? place.split(separator: "/").last : nil
        response["Location"] = "http://\(request.host)\(place)" + (id.map { "?_state=\(state($0))" } ?? "")
      })
  }

  /// The state that a client has to send back. It is padded, as real registries' is, to expose clients that re-encode
  /// it.
  private static func state(_ id: some StringProtocol) -> String {
    String(Digest.of(Array("state \(id)".utf8)).hex.prefix(20)) + "=="
  }
}
