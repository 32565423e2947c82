import OpzHTTPServer
import OpzIO

/// Success responses sent without doing the work.
enum Plausible {
  static func answer(_ request: HubRequest) -> Answer {
    let name = request.route.name ?? ""
    switch request.kind {
    case .uploadStart, .uploadChunk:
      let id = String(request.path.split(separator: "/").last ?? "")
      let place = request.kind == .uploadChunk ? id : Hex.encode((0..<24).map { _ in UInt8.random(in: .min ... .max) })
      let last = max(1, request.length ?? 0) - 1
      return Answer(202, [("Location", "/v2/\(name)/blobs/uploads/\(place)"), ("Range", "0-\(last)")])
    case .uploadFinish:
      let digest = request.query["digest"].flatMap { Digest($0) }
      return Answer(
        201, digest.map { [("Location", "/v2/\(name)/blobs/\($0)"), ("Docker-Content-Digest", $0.description)] } ?? [])
    case .manifestPut: return Answer(201, [("Location", request.path)])
    case .manifestDelete, .blobDelete: return Answer(202)
    case .uploadCancel: return Answer(204)
    default: return Answer(200)
    }
  }
}
