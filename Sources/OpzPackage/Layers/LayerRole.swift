/// What a layer is for. The order is that of the image: from the rarely to the often changed.
public enum LayerRole: String, Sendable, CaseIterable, Comparable {
  /// The base's own.
  case runtime
  /// Python wheels.
  case environment
  /// Directories and files that opz.yaml lays where it says.
  case files
  case model, code, config

  /// Where the role's files are in an image.
  public var root: String {
    switch self {
    case .runtime, .environment, .files: ""
    case .model: "models"
    case .code, .config: "app"
    }
  }

  /// Orders roles as their layers are stacked: the case declared first is the lowest layer.
  public static func < (left: LayerRole, right: LayerRole) -> Bool { left.order < right.order }

  private var order: Int { LayerRole.allCases.firstIndex(of: self) ?? 0 }
}
