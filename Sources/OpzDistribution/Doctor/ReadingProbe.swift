import OpzHTTP
import OpzIO
import OpzJSON
import OpzOCI

/// Checks what can be seen of a repository with read access: ranges, the referrers API, and a blob to try a mount
/// with.
struct ReadingProbe: Sendable {
  let client: RemoteClient

  private struct Tags: Decodable { var tags: [String]? }

  /// Sends read requests only.
  /// - Returns: whether the repository is readable, and one of its blobs.
  func run(_ probe: inout RemoteProbe) async -> (isReadable: Bool, blob: Descriptor?) {
    do {
      let blob = try await anyBlob()
      try await readRange(blob, &probe)
      try await listReferrers(&probe)
      return (true, blob)
    } catch {
      let explained = error as? DistributionError
      probe.note("repository", .fail, found: explained?.reason ?? "\(error)", action: explained?.hint ?? "")
      return (false, nil)
    }
  }

  /// Tries a mount. An upload that is opened instead is canceled.
  func tryMount(_ blob: Descriptor?, _ probe: inout RemoteProbe) async {
    do {
      try await mount(blob, &probe)
    } catch {
      probe.note(
        "mounts", .warn, found: (error as? DistributionError)?.reason ?? "\(error)", action: "uploads every blob")
    }
  }

  private var subject: String { client.reference.name }
  private var pull: [Scope] { [.pull(client.reference.repository)] }

  /// The smallest blob of one of the first images, or nil where there is none.
  private func anyBlob() async throws -> Descriptor? {
    let list = HTTPRequest(method: .get, address: client.address("tags/list", query: "n=50"))
    let response = try await client.send(list, scopes: pull, subject: subject)
    if response.status == 404 { return nil }
    guard response.status == 200 else { throw client.failure(response, subject) }
    let tags = (try? JSONDecoding.decode(Tags.self, from: response.body))?.tags ?? []
    let manifests = ManifestRequests(client: client)
    for tag in tags.filter({ Reference.isTag($0) }).prefix(3) {
      guard let found = try? await manifests.get(tag), found.descriptor.mediaType.isManifest else { continue }
      let manifest = try Manifest(raw: found.bytes, mediaType: found.descriptor.mediaType, subject: subject)
      let small = manifest.references.filter { (2...(1 << 20)).contains($0.size) }
      if let blob = small.min(by: { $0.size < $1.size }) { return blob }
    }
    return nil
  }

  private func readRange(_ blob: Descriptor?, _ probe: inout RemoteProbe) async throws {
    guard let blob else {
      return probe.note("ranges", .skipped, found: "the repository has no image to check with")
    }
    let request = HTTPRequest(
      method: .get, address: client.address("blobs/\(blob.digest)"), headers: [("Range", "bytes=1-1")])
    let response = try await client.send(request, scopes: pull, subject: subject)
    probe.ranges = response.status == 206 && response.body.count == 1
    probe.note(
      "ranges", probe.ranges == true ? .ok : .warn,
      found: probe.ranges == true
        ? "a part of a blob can be read" : "a request for a part of a blob got \(response.status)",
      action: probe.ranges == true
        ? "an interrupted pull resumes where it stopped" : "an interrupted pull fetches the blob again")
  }

  private func listReferrers(_ probe: inout RemoteProbe) async throws {
    let request = HTTPRequest(
      method: .get, address: client.address("referrers/\(RandomDigest.make())"),
      headers: [("Accept", MediaType.imageIndex.rawValue)])
    let response = try await client.send(request, scopes: pull, subject: subject)
    let isThere = response.status == 200 && (try? Index(raw: response.body, subject: subject)) != nil
    probe.referrers = isThere
    probe.note(
      "referrers", .ok, found: isThere ? "the registry lists referrers" : "no list (\(response.status))",
      action: isThere ? "" : "uses the tag sha256-DIGEST instead, as the spec says")
  }

  /// Mounts a blob from the repository into itself, so that a success changes nothing.
  private func mount(_ blob: Descriptor?, _ probe: inout RemoteProbe) async throws {
    let digest = blob?.digest ?? RandomDigest.make()
    let from = WebAddress.encode(client.reference.repository)
    let query = "mount=\(WebAddress.encode(digest.description))&from=\(from)"
    let request = HTTPRequest(method: .post, address: client.address("blobs/uploads/", query: query))
    let response = try await client.attempt(request, scopes: [.push(client.reference.repository)], subject: subject)
    if response.status == 202 {
      await UploadProbe(client: client).cancel(try client.location(of: response, to: request))
    }
    guard blob != nil else {
      let isRight = response.status == 202
      return probe.note(
        "mounts", isRight ? .ok : .warn,
        found: isRight
          ? "a mount of an unknown blob opens an upload" : "a mount of an unknown blob was answered \(response.status)",
        action: "tries to mount each blob, and uploads what cannot be mounted")
    }
    probe.mounts = response.status == 201
    probe.note(
      "mounts", probe.mounts == true ? .ok : .warn,
      found: probe.mounts == true ? "blobs can be mounted" : "a mount was answered \(response.status)",
      action: probe.mounts == true
        ? "blobs of other repositories on this host are not uploaded again" : "uploads every blob")
  }
}

/// Makes digests that no content has.
enum RandomDigest {
  static func make() -> Digest { .of((0..<32).map { _ in UInt8.random(in: .min ... .max) }) }
}
