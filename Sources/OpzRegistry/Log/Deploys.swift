import OpzIO
public import OpzJSON
public import OpzOCI
import OpzStore

extension Registry {
  public static let manifestsType = MediaType("application/yaml")
  /// In bytes; the objects of a model take some thousand.
  public static let manifestsLimit = 16 << 20

  /// Records a deploy and keeps its manifests, so that they can be compared and restored.
  /// - Parameters:
  ///   - place: where the objects are; a later deploy to the same place replaces them.
  ///   - restores: the hash of the deploy whose manifests are restored.
  ///   - isAttempt: whether opz is about to apply them; then the deploy is complete only after `settle`.
  /// - Returns: the hash of the event.
  @discardableResult
  public func deployed(
    _ version: Version, _ manifests: [UInt8], place: DeployPlace, restores: String? = nil, isAttempt: Bool = false,
    details: [String: JSONValue], by author: Author
  ) throws -> String {
    let blob = try store.put(manifests, Registry.manifestsType)
    var details = details
    details["manifests"] = try JSONValue(encoding: blob.withoutAnnotations)
    details["place"] = .string(place.text)
    details["cluster"] = place.cluster.map { .string($0) }
    details["restores"] = restores.map { .string($0) }
    details["attempt"] = isAttempt ? .bool(true) : nil
    return try note(.deployed, version, by: author, details: details)
  }

  /// Records how an attempt ended. Without this event, as after a power cut, the attempt counts as incomplete.
  /// - Parameters:
  ///   - attempt: the hash that `deployed` returned.
  ///   - isWhole: whether everything was applied.
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
  /// - Throws: `IOFailure` if the blob is missing, `RegistryError.damaged` if it is corrupt.
  public func manifests(of deploy: ModelState.Deploy) throws -> [UInt8] {
    let path = store.path(of: deploy.manifests.digest)
    let bytes = try SmallFile.read(path, limit: Registry.manifestsLimit)
    guard Digest.of(bytes) == deploy.manifests.digest else {
      throw RegistryError(.damaged, path.string, reason: "the manifests do not have the digest in their name")
    }
    return bytes
  }
}
