/// A model that opz packages and nothing of it runs: PMML, GGUF, safetensors.
public struct WeightsModel: Sendable, Hashable {
  /// A file of the project.
  public let path: String
  /// What it is: `GGUF`.
  public let title: String
  /// The runtime that would serve it, as opz.yaml says it: `runtime: {kind: custom} with llama.cpp's server`.
  public let runtime: String

  /// Creates a model from its description.
  public init(path: String, title: String, runtime: String) {
    self.path = path
    self.title = title
    self.runtime = runtime
  }
}
