/// A way to find secrets: by anchors, texts in or before them, and then by the surrounding text.
protocol SecretRule: Sendable {
  /// Texts of at least three bytes, one of which occurs wherever the rule can apply.
  var anchors: [[UInt8]] { get }

  /// Whether anchors are found in either case. The search is faster where they are not.
  var ignoresCase: Bool { get }

  /// - Parameter index: where one of the anchors begins.
  func find(in text: SearchText, at index: Int) -> SecretFinding?
}

extension SecretRule {
  var ignoresCase: Bool { false }

  static func texts(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }
}

/// All rules.
enum SecretRules {
  static let all: [any SecretRule] =
    TokenRules.all.map { $0 } + [
      PrivateKeyRule(), EncodedKeyRule(), KeyStructureRule(), PuTTYKeyRule(), AgeKeyRule(), WebTokenRule(),
      AddressRule(), OracleAddressRule(), CommandLoginRule(), CallLoginRule(), BundlerLoginRule(), SignedAddressRule(),
      PasswordFileRule(), NamedValueRule(), ServiceValueRule(), KaggleKeyRule(), WebKeyRule(),
    ]
}
