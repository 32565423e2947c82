import OpzYAML

/// The volumes of a scoring job: the input tables and the output scores.
struct Volumes {
  static let input = "/data/input"
  static let output = "/data/output"

  let batch: DeploySettings.Batch

  private var all: [(name: String, place: String, volume: DeploySettings.Volume, isReadOnly: Bool)] {
    [("input", Volumes.input, batch.input, true), ("output", Volumes.output, batch.output, false)].compactMap {
      name, place, volume, isReadOnly in volume.map { (name, place, $0, isReadOnly) }
    }
  }

  var mounts: [YAMLValue] {
    all.map { name, place, volume, isReadOnly in
      .map(
        .init("name", .text(name)), .init("mountPath", .text(place)),
        volume.path.map { .init("subPath", .text($0)) }, isReadOnly ? .init("readOnly", .bool(true)) : nil)
    }
  }

  var volumes: [YAMLValue] {
    all.map { name, _, volume, isReadOnly in
      .map(
        .init("name", .text(name)),
        .init(
          "persistentVolumeClaim",
          .map(
            .init("claimName", .text(volume.claim)), isReadOnly ? .init("readOnly", .bool(true)) : nil)))
    }
  }
}
