public import OpzFormats
import OpzModel

/// A format that opz does not have: `sums 3` is a model with three columns whose margin is one half.
///
/// A list with it shows that nothing but the list knows formats.
public enum MadeUpFormat {
  /// A file of the format.
  public static let text = "sums 2\n"

  /// The format itself.
  public static let format = ModelFormat(
    name: "made-up", displayName: "Made up", family: "sums", suffixes: [".sums"], kserve: "sums", hasIterations: false,
    match: { $0.starts(with: Array("sums ".utf8)) ? .certain : .none },
    reading: .read(
      advice: "write sums 2 into model.sums",
      { file in
        guard let count = Int(String(decoding: file.bytes.dropFirst(5), as: UTF8.self).prefix { $0 != "\n" }), count > 0
        else { throw ModelError(.damaged, file.name, reason: "no number of columns") }
        var builder = try ModelBuilder(
          name: file.name, inputs: (0..<count).map { Model.Input(name: "f\($0)", kind: .number(.float32)) })
        builder.objective = "made-up"
        let half = try builder.add(.constant([0.5]), as: .float32)
        try builder.addOutput(.prediction, half)
        try builder.addOutput(.margin, half)
        return try builder.finish()
      }))

  /// The standard formats and this one.
  public static let formats = ModelFormats(ModelFormats.standard.all + [format])
}
