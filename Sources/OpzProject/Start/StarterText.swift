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
  /// Nil for a model that opz-server scores itself.
  var worker: WorkerModel?
  /// Whether the model's files are links that lead out of the project.
  var followsLinks = false
  /// A model that is packaged without a runtime.
  var weights: WeightsModel?

  var yaml: String {
    """
    # What opz packages, and how it runs. opz package reads this file.
    opz: 1                          # the format of this file
    name: \(YAMLWriter.scalar(name))
    version: auto                   # or a number such as 1.2.0; auto takes the next one

    model:
      path: \(YAMLWriter.scalar(model))   # a file or a directory; found: \(CommentText.line(format))

    \(runtime)

    \(code)\(links)
    # config: [config.json]         # goes to /app
    # env: {THRESHOLD: "0.5"}
    platforms: [linux/amd64]

    lineage:                        # where the model comes from; recorded, not part of the image
    \(lineage)
      # parent: \(name)@1.1.0
      # tags: {team: crm}

    deploy:                         # what opz deploy writes into the Kubernetes manifests
      replicas: {min: 2, max: 10}
    \(resources)
      autoscale: {cpu: 70}          # percent of the requested CPU

    # push: {to: registry.example/\(name)}

    """
  }

  private var runtime: String {
    if let weights {
      return """
        runtime:
          kind: model                   # the files alone; to serve them: \(weights.runtime)
        """
    }
    guard let worker else {
      return """
        runtime:
          kind: native                  # served by opz-server; custom: your own base and command; model: no runtime
        """
    }
    return """
      runtime:
        kind: \(worker.language.rawValue)                  # opz-server in front of workers; with command: your own server
        base: \(YAMLWriter.scalar(worker.usualBase))   # opz lock pins its digest\(packages(worker))

      serve:
        loader: \(worker.loader.rawValue)   # \(loaderComment(worker))
        # workers: {count: 2, memory: 1Gi, startSeconds: 600, requestSeconds: 60}
        # batch: {rows: 64, waitMilliseconds: 2}
        # limits: {requests: 256, body: 16Mi}
      """
  }

  private func packages(_ worker: WorkerModel) -> String {
    guard worker.language == .python else {
      let names = worker.packages.map(YAMLWriter.scalar).joined(separator: ", ")
      return "\n  packages: [\(names)]   # R's or Debian's names; opz lock adds jsonlite and what they need, by digest"
    }
    let pins = "opz lock pins each package by digest"
    if let file = worker.projectFile { return "\n  # requirements: requirements.txt   # if left out, \(file); \(pins)" }
    let file = YAMLWriter.scalar(worker.requirementsFile ?? "requirements.txt")
    return "\n  requirements: \(file)  # \(pins)"
  }

  private func loaderComment(_ worker: WorkerModel) -> String {
    let file = worker.language == .python ? "predict.py" : "predict.R"
    return worker.loader == .predict
      ? "\(file) loads the model and predicts" : "or predict, with your own \(file) in code"
  }

  private var code: String {
    guard let worker, !worker.code.isEmpty else { return "# code: [predict.py, lib/]      # goes to /app" }
    return "code: [\(worker.code.map(YAMLWriter.scalar).joined(separator: ", "))]   # goes to /app"
  }

  private var links: String {
    followsLinks ? "\nlinks: follow                   # the model's files are links that lead elsewhere" : ""
  }

  private var resources: String {
    worker == nil
      ? "  resources: {cpu: 500m, memory: 256Mi}"
      : "  # resources: {cpu: \"1\", memory: 1Gi}   # if left out: memory as opz test measured it"
  }

  private var lineage: String {
    let data = files.contains("data") ? "  data: [data]" : "  # data: [data/train.csv]     # its digest is recorded"
    let metrics = files.contains("metrics.json") ? "  metrics:" : "  # metrics:"
    return "\(data)\n\(metrics) metrics.json       # numbers to compare versions by"
  }
}
