import OpzIO
import OpzOCI
public import SystemPackage

/// `opz init`: a commented opz.yaml for the model that is found in a directory.
public struct ProjectStarter: Sendable {
  private let directory: FilePath

  public init(_ directory: FilePath) { self.directory = directory }

  /// Writes opz.yaml and returns its path.
  /// - Parameter format: names the format of a file, or nil when it is no model.
  /// - Throws: `PackageError` when there is an opz.yaml, or no model.
  public func write(format: (FilePath) -> String?) throws -> FilePath {
    let path = directory.appending("opz.yaml")
    if try FileStatus.find(path) != nil {
      throw PackageError(.unsupported, path.string, "the file exists already", hint: "edit it, or remove it first")
    }
    let names = try Directory.entries(directory).map(\.string)
    let models = names.filter { !$0.hasPrefix(".") && format(directory.appending($0)) != nil }
    guard let model = models.first(where: { $0.hasPrefix("model.") }) ?? models.first else {
      throw PackageError(
        .badModel, directory.string, "no model that opz can read is in this directory",
        hint:
          "save an XGBoost model with booster.save_model(\"model.json\"), or write opz.yaml with runtime: {kind: model}"
      )
    }
    let text = text(model: model, format: format(directory.appending(model)) ?? "auto", names: Set(names))
    guard try Durable.claim(path, with: Array(text.utf8)) else {
      throw PackageError(.unsupported, path.string, "the file exists already", hint: "edit it, or remove it first")
    }
    return path
  }

  /// The directory's name as a model's name.
  func modelName() -> String {
    let text = directory.lexicallyNormalized().lastComponent?.string ?? ""
    let mapped = text.lowercased().unicodeScalars.map { scalar -> Character in
      ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "-"
    }
    let name = String(String(mapped).split(separator: "-").joined(separator: "-").prefix(60))
    let trimmed = name.hasSuffix("-") ? String(name.dropLast()) : name
    return (try? ModelName(trimmed))?.description ?? "model"
  }

  private func text(model: String, format: String, names: Set<String>) -> String {
    let data = names.contains("data") ? "[data]" : "[]"
    let metrics =
      names.contains("metrics.json")
      ? "\n  metrics: metrics.json" : "\n  # metrics: metrics.json   # numbers to compare versions by"
    return """
      # What opz packages, and how it runs. opz package reads this file.
      opz: 1                          # the format of this file
      name: \(modelName())
      version: auto                   # or a number such as 1.2.0; auto takes the next one

      model:
        path: \(ProjectStarter.quoted(model))   # a file or a directory; found: \(format)

      runtime:
        kind: native                  # served by opz-server; custom: your own base and command; model: no runtime

      # code: [predict.py, lib/]      # goes to /app
      # config: [config.json]         # goes to /app
      # env: {THRESHOLD: "0.5"}
      platforms: [linux/amd64]

      lineage:                        # where the model comes from; recorded, not part of the image
        data: \(data)\(metrics)
        # parent: \(modelName())@1.1.0
        # tags: {team: crm}

      deploy:                         # what opz deploy writes into the Kubernetes manifests
        replicas: {min: 2, max: 10}
        resources: {cpu: 500m, memory: 256Mi}
        autoscale: {cpu: 70}          # percent of the requested CPU

      # push: {to: registry.example/crm/\(modelName())}

      """
  }

  /// A file name as a YAML scalar: plain where nothing in it can mean something else.
  private static func quoted(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || [45, 46, 95].contains(byte)
    }
    if plain, text.first?.isLetter == true { return text }
    return (try? CanonicalJSON.encode(JSONValue.string(text))).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}
