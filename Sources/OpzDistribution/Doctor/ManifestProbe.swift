import OpzHTTP
import OpzIO
import OpzOCI

/// Finds out how large a manifest may be. Each is sent under a digest that it does not have, so the remote registry
/// refuses it: because of its size where that is too large, otherwise because of the digest.
struct ManifestProbe: Sendable {
  let client: RemoteClient

  private var subject: String { client.reference.name }
  private var scopes: [Scope] { [.push(client.reference.repository)] }

  func run(_ probe: inout RemoteProbe) async {
    do {
      try await checkDeletion(&probe)
      let limit = UInt64(Document.limit)
      guard let refusal = try await refusal(of: 1 << 10, &probe) else {
        return probe.note(
          "manifests", .fail, found: "one was accepted under a digest that it does not have",
          action: "do not trust this registry")
      }
      if try await self.refusal(of: limit, &probe) != refusal {
        return probe.note(
          "manifests", .warn,
          found: "one of \(ByteCount.text(limit)) is refused, which the spec requires registries to accept",
          action: "records with very many files may not fit")
      }
      probe.manifestTaken = limit
      let more = limit + (64 << 10)
      let takesMore = try await self.refusal(of: more, &probe) == refusal
      if takesMore { probe.manifestTaken = more }
      probe.note(
        "manifests", .ok, found: "up to \(ByteCount.text(limit))" + (takesMore ? " and more" : ""),
        action: takesMore ? "opz writes none above \(ByteCount.text(limit))" : "")
    } catch {
      let explained = error as? DistributionError
      probe.note("manifests", .warn, found: explained?.reason ?? "\(error)", action: explained?.hint ?? "")
    }
  }

  private func checkDeletion(_ probe: inout RemoteProbe) async throws {
    let response = try await client.attempt(
      HTTPRequest(method: .delete, address: client.address("manifests/\(RandomDigest.make())")), scopes: scopes,
      subject: subject)
    probe.deletes = response.status == 404 || response.head.isSuccess
    probe.note(
      "deletion", .ok,
      found: probe.deletes == true ? "manifests can be deleted" : "manifests cannot be deleted (\(response.status))",
      action: probe.deletes == true ? "" : "what is pushed cannot be removed")
  }

  /// Returns how a manifest of `size` bytes is refused, or nil where it is accepted.
  private func refusal(of size: UInt64, _ probe: inout RemoteProbe) async throws -> String? {
    let body = try ManifestProbe.manifest(of: Int(size))
    let request = HTTPRequest(
      method: .put, address: client.address("manifests/\(RandomDigest.make())"),
      headers: [("Content-Type", MediaType.imageManifest.rawValue)], body: .bytes(body), timeout: 0)
    probe.sent &+= UInt64(body.count)
    let response = try await client.attempt(request, scopes: scopes, subject: subject)
    guard response.head.isSuccess else {
      // The status and error code, without the message.
      return client.failure(response, subject).reason.split(separator: ":").first.map(String.init) ?? ""
    }
    // It was accepted, so it is deleted again, under the digest it was sent with and under its own.
    let names = [request.address] + [client.address("manifests/\(Digest.of(body))")]
    for address in names {
      _ = try? await client.attempt(HTTPRequest(method: .delete, address: address), scopes: scopes, subject: subject)
    }
    return nil
  }

  /// Returns a manifest of exactly `size` bytes that refers to a config blob that does not exist.
  static func manifest(of size: Int) throws -> [UInt8] {
    let config = Descriptor(mediaType: .imageConfig, digest: RandomDigest.make(), size: 2)
    func make(_ padding: Int) throws -> [UInt8] {
      try Manifest(
        Manifest.Content(
          config: config, layers: [], annotations: ["padding": String(repeating: "x", count: padding)])
      ).raw
    }
    let least = try make(0).count
    return try make(max(0, size - least))
  }
}
