import OpzHTTP
public import OpzIO
import OpzOCI

extension RemoteRepository {
  /// Returns the digest that a tag currently points to; nil where the tag does not exist.
  ///
  /// It sends a HEAD, which does not count as a pull (Docker Hub, "Pull usage and limits"), and fetches the manifest
  /// only where the response states no digest.
  /// - Throws: `DistributionError`, with the code `badResponse` for an invalid tag.
  public func digest(ofTag tag: String) async throws -> Digest? {
    let subject = "\(reference.name):\(PrintableText.brief(tag))"
    guard Reference.isTag(tag) else { throw DistributionError(.badResponse, subject, "not a tag") }
    let accepted: [MediaType] = [.imageManifest, .imageIndex, .dockerManifest, .dockerManifestList]
    let request = HTTPRequest(
      method: .head, address: client.address("manifests/\(tag)"),
      headers: [("Accept", accepted.map(\.rawValue).joined(separator: ", "))])
    let response = try await client.send(request, [.pull(reference.repository)], subject)
    if response.status == 404 { return nil }
    guard response.status == 200 else { throw RegistryAnswer.error(response, subject) }
    if let digest = response["docker-content-digest"].flatMap({ Digest($0) }) { return digest }
    return try await resolve(tag).digest
  }
}
