/// What a layer is for. The order is that of the image: from the rarely to the often changed.
public enum LayerRole: String, Sendable, CaseIterable, Comparable {
  case runtime, model, code, config

  /// Where the role's files are in an image.
  public var root: String {
    switch self {
    case .runtime: ""
    case .model: "models"
    case .code, .config: "app"
    }
  }

  public static func < (left: LayerRole, right: LayerRole) -> Bool {
    let order = LayerRole.allCases
    return order.firstIndex(of: left)! < order.firstIndex(of: right)!
  }
}
