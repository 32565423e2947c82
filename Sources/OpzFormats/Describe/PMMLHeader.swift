import OpzIO
import OpzModel

/// PMML: XML with the element `PMML` (dmg.org, PMML 4.4). Only the beginning is looked at, by element names.
enum PMMLHeader {
  private static let models: [StaticString] = [
    "<AnomalyDetectionModel", "<AssociationModel", "<BayesianNetworkModel", "<BaselineModel", "<ClusteringModel",
    "<GaussianProcessModel", "<GeneralRegressionModel", "<MiningModel", "<NaiveBayesModel", "<NearestNeighborModel",
    "<NeuralNetwork", "<RegressionModel", "<RuleSetModel", "<SequenceModel", "<Scorecard",
    "<SupportVectorMachineModel", "<TextModel", "<TimeSeriesModel", "<TreeModel",
  ]

  static let recognizer = ModelDescriber.Recognizer(
    matches: { header, _ in header.firstVisible != UInt8(ascii: "{") && header.contains("<PMML") },
    describe: { file, _ in
      let bytes = try file.upTo(1 << 20, at: 0)
      let found = bytes.withUnsafeBufferPointer { rows(Tags(bytes: $0)) }
      return ModelDescription(
        "PMML", bytes: file.size, rows: found, loadedBy: "JPMML, pypmml",
        runtime: "runtime: {kind: custom} with an evaluator of PMML")
    })

  private static func rows(_ tags: Tags) -> [ModelDescription.Row] {
    var rows: [ModelDescription.Row] = []
    func add(_ name: String, _ value: String?) {
      if let value { rows.append(ModelDescription.Row(name, String(value.prefix(80)))) }
    }
    add("PMML version", tags.first("<PMML")?.attribute("version"))
    add("written by", tags.first("<Application")?.attribute("name"))
    add("fields", tags.first("<DataDictionary")?.attribute("numberOfFields"))
    let first = models.compactMap { name in tags.first(name).map { (name, $0) } }.min { $0.1.start < $1.1.start }
    if let (name, tag) = first {
      add("model", String("\(name)".dropFirst()))
      add("function", tag.attribute("functionName"))
      add("algorithm", tag.attribute("algorithmName"))
    }
    return rows
  }

  /// The beginning of an XML text, of which single tags are looked for.
  private struct Tags {
    let bytes: UnsafeBufferPointer<UInt8>

    /// The first tag that begins so: the whole name, not the beginning of a longer one.
    func first(_ name: StaticString) -> Tag? {
      var position = 0
      while let start = bytes.offset(of: name, from: position) {
        position = start + name.utf8CodeUnitCount
        guard position < bytes.count, let end = bytes[position...].firstIndex(of: UInt8(ascii: ">")) else { return nil }
        if [32, 9, 10, 13, UInt8(ascii: ">"), UInt8(ascii: "/")].contains(bytes[position]) {
          return Tag(start: start, text: String(decoding: bytes[position..<min(end, position + 4096)], as: UTF8.self))
        }
      }
      return nil
    }
  }

  private struct Tag {
    let start: Int
    /// From the name to the end.
    let text: String

    func attribute(_ name: String) -> String? {
      guard let place = text.firstRange(of: "\(name)="), place.lowerBound > text.startIndex,
        text[text.index(before: place.lowerBound)].isWhitespace, place.upperBound < text.endIndex
      else { return nil }
      let quote = text[place.upperBound]
      let value = text[text.index(after: place.upperBound)...]
      guard quote == "\"" || quote == "'", let end = value.firstIndex(of: quote) else { return nil }
      return String(value[..<end])
    }
  }
}
