public import OpzIO
import OpzOCI

extension RemoteRepository {
  /// What a tag names now; nil where there is no such tag. A HEAD where the registry says the digest in its answer: none counts that as a pull.
  public func digest(ofTag tag: String) async throws -> Digest? {
    let subject = "\(reference.name):\(DistributionError.clean(tag))"
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
