/// Formats that are recognized, so that an error says what the file is, and that are not read.
extension ModelFormat {
  /// A pickle of protocol 2 or later (`joblib.dump` writes one too), or a zip archive (`torch.save` puts a pickle in
  /// it).
  static let pickleOrZip = ModelFormat(
    name: "pickle", displayName: "pickle or zip archive", suffixes: [".pkl", ".joblib", ".pt", ".zip"],
    hasIterations: false,
    match: { $0.starts(with: [0x80]) || $0.starts(with: [0x50, 0x4b]) ? .certain : .none },
    reading: .refuse(
      reason: "a pickle or a zip archive; opz never runs code to read a model",
      hint: """
        if scikit-learn made it, save it again with Python, where it was made: import joblib, skops.io; \
        skops.io.dump(joblib.load("model.joblib"), "model.skops"); or opz init puts a Python worker in front of it
        """))
}
