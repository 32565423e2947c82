import OpzIO
public import OpzJSON
public import OpzOCI
import OpzStore

extension Registry {
  public static let manifestsType = MediaType("application/yaml")
  /// Bytes; the objects of a model have some thousand.
  public static let manifestsLimit = 16 << 20

  /// Records a deploy and keeps its manifests, so that they can be compared with and brought back.
  /// - Parameters:
  ///   - place: where it went; a later deploy in the same place takes this one's.
  ///   - restores: the hash of the deploy whose manifests these are.
  ///   - isAttempt: opz is about to apply them: it counts as whole only when `settle` said so.
  /// - Returns: the hash of the event.
  @discardableResult
  public func deployed(
    _ version: Version, _ manifests: [UInt8], place: DeployPlace, restores: String? = nil, isAttempt: Bool = false,
    details: [String: JSONValue], by author: Author
  ) throws -> String {
    let blob = try store.put(manifests, Registry.manifestsType)
    var details = details
    details["manifests"] = try JSONValue(encoding: blob.bare)
    details["place"] = .string(place.text)
    details["cluster"] = place.cluster.map { .string($0) }
    details["restores"] = restores.map { .string($0) }
    details["attempt"] = isAttempt ? .bool(true) : nil
    return try note(.deployed, version, by: author, details: details)
  }

  /// Records how an attempt ended. Without this event, as after a power cut, it counts as not whole.
  /// - Parameters:
  ///   - attempt: the hash that `deployed` returned.
  ///   - isWhole: all of it was applied.
  ///   - details: what was applied, what was deleted, why it failed.
  public func settle(
    _ attempt: String, of version: Version, isWhole: Bool, details: [String: JSONValue], by author: Author
  ) throws {
    var details = details
    details["of"] = .string(attempt)
    details["outcome"] = .string(isWhole ? "whole" : "failed")
    try note(.deployed, version, by: author, details: details)
  }

  /// The manifests of a deploy.
  /// - Throws: where the blob is not here, and `RegistryError.damaged` where its bytes are others.
  public func manifests(of deploy: ModelState.Deploy) throws -> [UInt8] {
    let path = store.path(of: deploy.manifests.digest)
    let bytes = try SmallFile.read(path, limit: Registry.manifestsLimit)
    guard Digest.of(bytes) == deploy.manifests.digest else {
      throw RegistryError(.damaged, path.string, "the manifests do not have the digest in their name")
    }
    return bytes
  }
}
