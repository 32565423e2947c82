import OpzFormats
import OpzIO
import OpzInference
import OpzModel
import OpzPackage
import OpzProject
import OpzYAML
import SystemPackage

/// What callers of a project's model may send: `serve.contract`, and what the table of `monitor.data` has.
struct ProjectContract: Sendable {
  /// As the image carries it; the server fills the rest from the model's own inputs.
  let contract: Contract
  /// Of the training data; nil without them.
  let profile: TableProfile?
  /// What could not be learned from the data.
  var notes: [String] = []
  /// What the model's inputs say, where opz reads the model.
  private let signature: Contract

  /// With what the model's inputs say.
  var whole: Contract { contract.filled(from: signature) }

  /// Reads what a project says of its contract; nil where it says nothing.
  /// - Parameter model: what the native runtime scores; nil for a model that a worker reads.
  /// - Throws: `ConfigError` with place for what fits no column of the model; `ModelError` for data that are no table.
  init?(_ config: ProjectConfig, in directory: FilePath, model: Model?) throws {
    guard config.runtime.keepsContract, config.serve?.contract != nil || config.monitor?.data != nil else { return nil }
    let columns = config.serve?.contract?.columns ?? []
    if let model { try ProjectContract.check(columns, model, at: config.locations) }
    let written = Contract(columns.map { Contract.Column(written: $0) })
    profile = try config.monitor?.data.map { try ProjectContract.profile($0, in: directory, model: model) }
    contract = written.filled(from: profile.map { Contract($0) } ?? Contract())
    signature = Contract(model.map { model in model.inputs.compactMap { Contract.Column(of: $0) } } ?? [])
    if let profile { notes = ProjectContract.notes(profile, model) }
    try checkSize(config)
  }

  private static func profile(_ path: String, in directory: FilePath, model: Model?) throws -> TableProfile {
    do {
      return try TableProfile(FileBlob(directory.pushing(FilePath(path))).open(at: 0), inputs: model?.inputs)
    } catch let error as ModelError {
      throw ModelError(error.code, "\(path), \(error.subject)", reason: error.reason, hint: error.hint)
    }
  }

  private static func notes(_ profile: TableProfile, _ model: Model?) -> [String] {
    let here = Set(profile.columns.map(\.name))
    let absent = (model?.inputs ?? []).map(\.name).filter { !here.contains($0) }
    let open = profile.columns.filter {
      $0.missing < profile.rows && $0.least == nil && $0.categories == nil
    }.map(\.name)
    var notes: [String] = []
    if !absent.isEmpty {
      notes.append("monitor.data has no column for the inputs \(list(absent)), so nothing is known of them")
    }
    if !open.isEmpty {
      notes.append(
        "monitor.data has more than \(TableProfile.mostCategories) texts in \(list(open)), so any text passes there")
    }
    return notes
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", and \(names.count - 10) more" : "")
  }

  /// The settings with the contract have to be a file that the server reads.
  private func checkSize(_ config: ProjectConfig) throws {
    var settings = ServeSettings(model: "/models")
    settings.contract = contract
    let count = settings.json().count
    guard contract.columns.count > Contract.mostColumns || count > ServeSettings.mostBytes / 2 else { return }
    let key = config.serve?.contract != nil && profile == nil ? "serve.contract" : "monitor.data"
    throw ConfigError(
      config.locations.subject(key), "the contract has \(contract.columns.count) columns and \(count) bytes",
      key: key, hint: "the server takes \(Contract.mostColumns) columns and \(ServeSettings.mostBytes / 2) bytes")
  }

  // MARK: The model

  /// Checks what is written against the model's inputs.
  private static func check(_ columns: [ContractSection.Column], _ model: Model, at locations: KeyLocations) throws {
    let inputs = Dictionary(model.inputs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var problems: [ConfigError.Problem] = []
    for column in columns {
      let place = "serve.contract.\(column.name)"
      guard let input = inputs[column.name] else {
        let near = NearestName.find(column.name, in: model.inputs.map(\.name))
        problems.append(
          ConfigError.Problem(
            place: locations.subject(place), key: place, reason: "the model has no such input",
            hint: near.map { "did you mean \($0)?" } ?? "the model has \(list(model.inputs.map(\.name)))"))
        continue
      }
      if let (key, reason, hint) = objection(column, input) {
        let full = "\(place).\(key)"
        problems.append(ConfigError.Problem(place: locations.subject(full), key: full, reason: reason, hint: hint))
      }
    }
    if !problems.isEmpty { throw ConfigError(problems) }
  }

  /// Why a column is not one of the model's input.
  private static func objection(
    _ column: ContractSection.Column, _ input: Model.Input
  ) -> (key: String, reason: String, hint: String?)? {
    let bound = column.least != nil ? "min" : column.most != nil ? "max" : nil
    switch input.kind {
    case .number(let element):
      if column.type == .text { return ("type", "the model's input is a number", "write type: number") }
      let beyond = [("min", column.least), ("max", column.most)].first { _, bound in
        bound.map { element == .float32 && !Float($0).isFinite } ?? false
      }
      if let beyond { return (beyond.0, "the model's input is a 32-bit float, which has no such number", nil) }
      let isNumber = { (text: String) in Double(text)?.isFinite ?? ["true", "false"].contains(text) }
      if let text = column.categories?.first(where: { !isNumber($0) }) {
        return ("categories", "\"\(text.prefix(80))\" is not a number, and the model's input is one", nil)
      }
    case .categorical(let texts, _):
      if let bound { return (bound, "the model's input is one of some categories", "write categories") }
      if let type = column.type, type != .text, !texts.isEmpty {
        return ("type", "the model's input is one of some categories, not \(type.rawValue)", "leave type out")
      }
      if let text = column.categories?.first(where: { !texts.isEmpty && !texts.contains($0) }) {
        return ("categories", "the model does not know \"\(text.prefix(80))\"", "it knows \(list(texts))")
      }
    case .text:
      if let bound { return (bound, "the model's input is a text", "write categories") }
      if let type = column.type, type != .text {
        return ("type", "the model's input is a text, not \(type.rawValue)", "write type: text")
      }
    }
    return nil
  }
}

extension Contract {
  /// What the training data had: all of it is only told, since a model is made for more than it was made from.
  fileprivate init(_ profile: TableProfile) {
    self.init(
      profile.columns.map { found in
        var column = Column(found.name)
        column.least = found.least.map { Rule($0, .flag, from: .profile) }
        column.most = found.most.map { Rule($0, .flag, from: .profile) }
        column.categories = found.categories.map { Rule($0, .flag, from: .profile) }
        if profile.rows > 0, found.missing == 0 { column.missing = Rule(false, .flag, from: .profile) }
        return column
      })
  }
}

extension Contract.Column {
  fileprivate init(written column: ContractSection.Column) {
    self.init(column.name)
    let action = Contract.Action(rawValue: column.then.rawValue) ?? .reject
    kind = column.type.flatMap { Contract.Kind(rawValue: $0.rawValue) }.map { Contract.Rule($0, action) }
    least = column.least.map { Contract.Rule($0, action) }
    most = column.most.map { Contract.Rule($0, action) }
    categories = column.categories.map { Contract.Rule($0, action) }
    missing = column.missing.map { Contract.Rule($0 == .allow, .reject) }
  }

  /// What an input of the model says, as the server finds it too.
  fileprivate init?(of input: Model.Input) {
    guard case .categorical(let texts, let unseen) = input.kind, !texts.isEmpty else { return nil }
    self.init(input.name)
    categories = Contract.Rule(texts, unseen == .refused ? .reject : .flag, from: .signature)
  }
}

// MARK: Showing

/// One rule of a contract, as `opz plan` shows it.
public struct PlannedRule: Encodable, Sendable {
  public let column: String
  /// `type`, `min`, `max`, `categories` or `missing`.
  public let rule: String
  /// What it demands.
  public let value: String
  /// `reject`, `clip` or `flag`.
  public let then: String
  /// `written`, `signature` or `profile`.
  public let from: String
}

extension Contract {
  /// All rules that demand something.
  var planned: [PlannedRule] {
    columns.flatMap { column -> [PlannedRule] in
      func rule<Value>(_ name: String, _ rule: Rule<Value>?, text: (Value) -> String) -> PlannedRule? {
        rule.map {
          PlannedRule(
            column: column.name, rule: name, value: text($0.value), then: $0.action.rawValue, from: $0.source.rawValue)
        }
      }
      return [
        rule("type", column.kind) { $0.rawValue }, rule("min", column.least) { Contract.text($0) },
        rule("max", column.most) { Contract.text($0) },
        rule("categories", column.categories) { texts in
          texts.prefix(8).joined(separator: ", ") + (texts.count > 8 ? ", and \(texts.count - 8) more" : "")
        },
        column.missing?.value == false ? rule("missing", column.missing) { _ in "no" } : nil,
      ].compactMap { $0 }
    }
  }

  private static func text(_ number: Double) -> String {
    Int64(exactly: number).map(String.init) ?? "\(number)"
  }
}
