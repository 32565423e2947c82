import OpzProject

/// The packages that load a model of Keras.
enum KerasRequirements {
  /// Keras 3 runs on TensorFlow; models of Keras 2 were saved by the TensorFlow of the same version.
  /// - Parameters:
  ///   - version: as the model says it; nil if it does not.
  ///   - place: where it says so.
  static func make(_ version: String?, place: String) -> [PythonRequirement] {
    guard let version, let exact = PythonRequirement.exactly(version) else {
      return [
        PythonRequirement("keras", because: "the model has no version", isGuess: true),
        PythonRequirement("tensorflow-cpu", because: "Keras needs a backend", isGuess: true),
      ]
    }
    if version.hasPrefix("2.") {
      let minor = version.split(separator: ".").prefix(2).joined(separator: ".")
      return [PythonRequirement("tensorflow-cpu", "==\(minor).*", because: "Keras \(version) came with it: \(place)")]
    }
    return [
      PythonRequirement("keras", exact, because: place),
      PythonRequirement(
        "tensorflow-cpu", because: "Keras needs a backend, and the model does not say which it had", isGuess: true),
    ]
  }
}
