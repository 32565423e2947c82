import OpzIO
import OpzJSON
import OpzModel

/// Converts a LightGBM text file to a `Model`, and validates everything that scoring relies on.
///
/// All trees of the file count; `save_model` writes those up to the best iteration. Everything is float64, and raw
/// scores are added up tree after tree from 0 (`GBDT::PredictRaw` in src/boosting/gbdt_prediction.cpp).
struct LightGBMReader {
  /// Files say a version of the format: LightGBM 2.1 writes v2, 2.3 and 3 v3, 4 v4.
  private static let knownVersions = ["v2", "v3", "v4"]

  private let file: ModelFile
  private var lines: LightGBMLines

  static func read(_ file: ModelFile) throws -> Model {
    try file.bytes.withUnsafeBufferPointer { buffer in
      var reader = LightGBMReader(file: file, lines: LightGBMLines(buffer))
      return try reader.model()
    }
  }

  private var name: String { file.name }

  private mutating func model() throws -> Model {
    _ = lines.next()
    let header = try LightGBMHeader(&lines, fail: damaged)
    try ModelBudget(fileSize: file.bytes.count).check(header.outputs, "outputs", of: name)
    var trees = TreeEnsembleBuilder(
      name: name, columns: header.names.count, groups: header.outputs, inputs: .float64, sums: .float64,
      fileSize: file.bytes.count)
    trees.reserveCapacity(leaves: leafCount())
    trees.setCategoryRule(.truncated)
    let (count, categorical) = try readTrees(header, into: &trees)
    let rest = try readRest()
    let categories = LightGBMCategories(
      header: header, categorical: categorical.union(rest.categorical.filter(header.names.indices.contains)),
      lists: rest.lists)
    return try model(header, try trees.finish(), iterations: count / header.outputs, categories: categories)
  }

  private func model(
    _ header: LightGBMHeader, _ ensemble: TreeEnsemble, iterations: Int, categories: LightGBMCategories
  ) throws -> Model {
    let (inputs, notes) = categories.inputs()
    var builder = try ModelBuilder(name: name, inputs: inputs)
    builder.objective = header.objective.name
    builder.notes = notes
    if !LightGBMReader.knownVersions.contains(header.version) {
      builder.notes.append("version \(header.version.prefix(40)) of LightGBM's format was not tried")
    }
    if file.options.iterations == .best {
      builder.notes.append(
        "the file records no best iteration, since save_model writes the trees up to it: all are used")
    }
    let columns = try builder.add(.inputs(Array(inputs.indices)), as: .float64)
    let margin = try builder.add(.trees(ensemble), [columns])
    // Random forests are averaged before the objective's function, and their raw scores are sums.
    var score = margin
    if header.isAverage {
      guard iterations > 0 else { throw damaged("it is a random forest without trees") }
      score = try builder.add(.arithmetic(.divide), [margin, try builder.add(.constant([Double(iterations)]))])
    }
    try builder.addOutput(header.objective.output, try header.objective.convert(score, in: &builder))
    try builder.addOutput(.margin, margin)
    return try builder.finish()
  }

  // MARK: Trees

  /// Reads all trees and the line after them.
  /// - Returns: how many there are, and the columns that they split by category.
  private mutating func readTrees(
    _ header: LightGBMHeader, into trees: inout TreeEnsembleBuilder
  ) throws -> (count: Int, categorical: Set<Int>) {
    var count = 0
    var categorical: Set<Int> = []
    var isEnded = false
    while !isEnded, let line = lines.next() {
      if line.starts(with: "Tree=") {
        let fail = { [name] in ModelError(.damaged, "\(name): tree \(count)", reason: $0, hint: "save the model again")
        }
        let tree = try LightGBMTree(&lines, fail: fail)
        try tree.add(to: &trees, group: count % header.outputs, fail: fail)
        categorical.formUnion(tree.categoricalColumns)
        count += 1
      } else if line.starts(with: "end of trees") || line.starts(with: "feature importances:") {
        isEnded = true
      } else if !line.isEmpty {
        throw damaged("a tree should stand here")
      }
    }
    guard isEnded, header.treeCount ?? count == count else {
      throw damaged("it has \(count) trees, not \(header.treeCount.map(String.init) ?? "all"), and may be cut off")
    }
    guard count.isMultiple(of: header.outputs) else {
      throw damaged("it has \(count) trees for \(header.outputs) outputs an iteration")
    }
    return (count, categorical)
  }

  /// The leaves of all trees, so that memory is reserved once: a list that grows is in memory twice. No more than the
  /// file has room for: a leaf takes a byte and a blank in each of six lists.
  private func leafCount() -> Int {
    var position = lines.position
    var total = 0
    while let found = lines.bytes.offset(of: "\nnum_leaves=", from: position) {
      position = found + 12
      var count = 0
      while position < lines.bytes.count, case let digit = lines.bytes[position] &- 48, digit < 10, count < 1 << 32 {
        count = count * 10 + Int(digit)
        position += 1
      }
      total += count
    }
    return min(total, lines.bytes.count / 12)
  }

  // MARK: After the trees

  /// Reads what follows the trees: of the parameters the categorical columns, and what the Python package appends.
  private mutating func readRest() throws -> (categorical: [Int], lists: [[String]]?) {
    var categorical: [Int] = []
    var lists: [[String]]?
    var isInParameters = false
    while let line = lines.next() {
      if line.starts(with: "parameters:") {
        isInParameters = true
      } else if line.starts(with: "end of parameters") {
        isInParameters = false
      } else if isInParameters, line.starts(with: "[categorical_feature: ") {
        // Indexes; `name:` with names, which only the command line program takes, counts for nothing here.
        categorical = line.text.dropFirst(22).dropLast().split(separator: ",").compactMap { Int($0) }
      } else if line.starts(with: "pandas_categorical:") {
        do {
          lists = try LightGBMCategories.parse(Array(line.bytes[line.range].dropFirst(19)))
        } catch let failure as JSONFailure {
          throw damaged("the categories of pandas columns: \(failure.reason)")
        }
      }
    }
    guard !isInParameters else { throw damaged("its parameters have no end: it may be cut off") }
    return (categorical, lists)
  }

  /// An error at the line that was read last.
  private func damaged(_ reason: String) -> ModelError {
    ModelError(
      .damaged, "\(name):\(lines.number)", reason: reason, hint: "save the model again; the file may be cut off")
  }
}
