/// Something that a pickle names to be imported: `os`, `system`.
struct PickleGlobal: Hashable, Sendable {
  let module: String
  let name: String

  var description: String { "\(module).\(name)" }

  /// Names as Python's own modules have them, with dots between.
  var isPlain: Bool {
    [module, name].allSatisfy { text in
      !text.isEmpty && !(48...57).contains(text.utf8.first ?? 48)
        && text.utf8.allSatisfy {
          $0 == 46 || $0 == 95 || (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
        }
    }
  }
}

/// What is known of a value on a pickle's stack without making it. Nothing is nested deeper than two levels.
enum PickleValue {
  case mark
  /// Text that is short and plain enough to be a name.
  case text(String)
  /// Text that is too long for a name, or that has escapes.
  case hiddenText
  case number(UInt64)
  case global(PickleGlobal)
  /// Of texts and numbers only.
  case tuple([PickleValue])
  case dictionary(PickleFields)
  /// What a call of a global gave, and the first text of its arguments.
  case made(PickleGlobal, String?)
  case other

  /// Whether the unpickler may find a text here.
  var mayBeText: Bool {
    switch self {
    case .text, .hiddenText: true
    // str(..), encode(.., "rot13"), and _reconstructor(str, str, ..), which makes one.
    case .made(let global, _):
      ["str", "unicode"].contains(global.name) || ["_codecs", "copyreg", "copy_reg"].contains(global.module)
    default: false
    }
  }

  var isPlain: Bool {
    switch self {
    case .text, .number: true
    default: false
    }
  }
}

/// The members of a dictionary whose keys are texts; shared, because a pickle fills a dictionary after it was made.
final class PickleFields {
  private(set) var members: [String: PickleValue] = [:]

  /// More than any wrapper has.
  private static let most = 16

  func set(_ key: PickleValue, _ value: PickleValue) {
    guard case .text(let key) = key, members.count < PickleFields.most else { return }
    switch value {
    // A dictionary in a dictionary in .. would be freed by as many nested calls.
    case .mark, .dictionary: members[key] = .other
    default: members[key] = value
    }
  }
}
