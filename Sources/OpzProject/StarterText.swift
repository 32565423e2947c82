import OpzYAML

/// The text of a new opz.yaml: common settings, and the others as comments that are valid when uncommented.
struct StarterText {
  /// A `ModelName`.
  let name: String
  /// The model's file name.
  let model: String
  /// The name of the model's format.
  let format: String
  /// The names in the directory.
  let files: Set<String>

  var yaml: String {
    """
    # What opz packages, and how it runs. opz package reads this file.
    opz: 1                          # the format of this file
    name: \(YAMLWriter.scalar(name))
    version: auto                   # or a number such as 1.2.0; auto takes the next one

    model:
      path: \(YAMLWriter.scalar(model))   # a file or a directory; found: \(StarterText.comment(format))

    runtime:
      kind: native                  # served by opz-server; custom: your own base and command; model: no runtime

    # code: [predict.py, lib/]      # goes to /app
    # config: [config.json]         # goes to /app
    # env: {THRESHOLD: "0.5"}
    platforms: [linux/amd64]

    lineage:                        # where the model comes from; recorded, not part of the image
    \(lineage)
      # parent: \(name)@1.1.0
      # tags: {team: crm}

    deploy:                         # what opz deploy writes into the Kubernetes manifests
      replicas: {min: 2, max: 10}
      resources: {cpu: 500m, memory: 256Mi}
      autoscale: {cpu: 70}          # percent of the requested CPU

    # push: {to: registry.example/\(name)}

    """
  }

  private var lineage: String {
    let data = files.contains("data") ? "  data: [data]" : "  # data: [data/train.csv]     # its digest is recorded"
    let metrics = files.contains("metrics.json") ? "  metrics:" : "  # metrics:"
    return "\(data)\n\(metrics) metrics.json       # numbers to compare versions by"
  }

  private static func comment(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
