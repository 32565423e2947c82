import OpzOCI
import OpzYAML

/// The changes in `deploy.patches`, in their order.
struct Patches {
  private let patches: [DeploySettings.Patch]

  init(_ patches: [DeploySettings.Patch]) { self.patches = patches }

  /// Applies the patches to the generated objects.
  /// - Throws: `DeployError` with the code `badPatch` that names the patch: where no object has its kind and name, or
  ///   where it cannot be applied.
  func apply(to objects: [Manifests.Object]) throws -> [Manifests.Object] {
    var objects = objects
    for (index, patch) in patches.enumerated() {
      let key = "deploy.patches.\(index)"
      let found = objects.indices.filter { place in
        objects[place].kind == patch.kind && (patch.name == nil || objects[place].name == patch.name)
      }
      guard !found.isEmpty else {
        let known = objects.map { "\($0.kind) \($0.name)" }
        throw DeployError(
          .badPatch, key, reason: "there is no \(patch.kind)\(patch.name.map { " \($0)" } ?? "") in these objects",
          hint: "they are \(known.joined(separator: ", "))")
      }
      for place in found {
        let old = objects[place]
        objects[place].value = try Patches.changed(old, patch, key: key)
        guard objects[place].kind == old.kind, !objects[place].name.isEmpty else {
          throw DeployError(.badPatch, key, reason: "it removes the object's kind or name")
        }
      }
    }
    return objects
  }

  private static func changed(_ object: Manifests.Object, _ patch: DeploySettings.Patch, key: String) throws
    -> YAMLValue
  {
    var value = object.value
    if let merge = patch.merge {
      // The group of a custom resource is a domain. Of the built-in groups that opz writes, only networking.k8s.io is
      // one.
      let isBuiltIn = !object.apiVersion.contains(".") || object.apiVersion.hasPrefix("networking.k8s.io/")
      value = try StrategicMerge(isKeyed: isBuiltIn, subject: key + ".merge").merge(YAMLValue(merge), into: value)
    }
    if let operations = patch.json { value = try JSONPatch(operations, subject: key + ".json").apply(to: value) }
    return value
  }
}
