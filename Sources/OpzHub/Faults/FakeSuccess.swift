import OpzHTTPServer
import OpzIO

/// Success responses sent without doing the work.
enum FakeSuccess {
  static func respond(to request: HubRequest) -> Response {
    let name = request.route.name ?? ""
    switch request.kind {
    case .uploadStart, .uploadChunk:
      let id = String(request.path.split(separator: "/").last ?? "")
      let place = request.kind == .uploadChunk ? id : Hex.encode((0..<24).map { _ in UInt8.random(in: .min ... .max) })
      let last = max(1, request.length ?? 0) - 1
      return Response(202, [("Location", "/v2/\(name)/blobs/uploads/\(place)"), ("Range", "0-\(last)")])
    case .uploadFinish:
      let digest = request.query["digest"].flatMap { Digest($0) }
      return Response(
        201, digest.map { [("Location", "/v2/\(name)/blobs/\($0)"), ("Docker-Content-Digest", $0.description)] } ?? [])
    case .manifestPut: return Response(201, [("Location", request.path)])
    case .manifestDelete, .blobDelete: return Response(202)
    case .uploadCancel: return Response(204)
    default: return Response(200)
    }
  }
}
