#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Functions of single numbers, in float32 by the C library's float32 functions where a rounded float64 result could
/// differ. Sums, products, quotients and roots are the same either way: float64 has more than twice as many bits
/// (Figueroa 1995, "When is double rounding innocuous?").
enum Elementwise {
  static func function(_ function: Operation.Function, _ x: Double, element: ElementType) -> Double {
    switch function {
    case .negate: -x
    case .absolute: abs(x)
    case .sqrt: x.squareRoot()
    case .square: x * x
    case .reciprocal: 1 / x
    case .floor: x.rounded(.down)
    case .ceil: x.rounded(.up)
    case .round: x.rounded(.toNearestOrEven)
    case .sign: x > 0 ? 1 : x < 0 ? -1 : x
    case .not: x == 0 ? 1 : 0
    case .sigmoid: element == .float32 ? sigmoid(Float(x)) : 1 / (1 + Self.exp(-x))
    case .exp, .exp2, .log, .log1p, .expm1, .tanh:
      element == .float32 ? Double(transcendental(function, Float(x))) : transcendental(function, x)
    }
  }

  private static func exp(_ x: Double) -> Double { transcendental(.exp, x) }

  private static func sigmoid(_ x: Float) -> Double { Double(1 / (1 + expf(-x))) }

  private static func transcendental(_ function: Operation.Function, _ x: Float) -> Float {
    switch function {
    case .exp: expf(x)
    case .exp2: exp2f(x)
    case .log: logf(x)
    case .log1p: log1pf(x)
    case .expm1: expm1f(x)
    case .tanh: tanhf(x)
    default: x
    }
  }

  private static func transcendental(_ function: Operation.Function, _ x: Double) -> Double {
    #if canImport(Glibc)
      switch function {
      case .exp: Glibc.exp(x)
      case .exp2: Glibc.exp2(x)
      case .log: Glibc.log(x)
      case .log1p: Glibc.log1p(x)
      case .expm1: Glibc.expm1(x)
      case .tanh: Glibc.tanh(x)
      default: x
      }
    #else
      switch function {
      case .exp: Musl.exp(x)
      case .exp2: Musl.exp2(x)
      case .log: Musl.log(x)
      case .log1p: Musl.log1p(x)
      case .expm1: Musl.expm1(x)
      case .tanh: Musl.tanh(x)
      default: x
      }
    #endif
  }

  static func arithmetic(_ operation: Operation.Arithmetic, _ x: Double, with y: Double, element: ElementType) -> Double
  {
    switch operation {
    case .add: x + y
    case .subtract: x - y
    case .multiply: x * y
    case .divide: x / y
    case .power: element == .float32 ? Double(powf(Float(x), Float(y))) : pow(x, y)
    case .minimum: x.isNaN || y.isNaN ? .nan : Swift.min(x, y)
    case .maximum: x.isNaN || y.isNaN ? .nan : Swift.max(x, y)
    case .modulo: x.truncatingRemainder(dividingBy: y)
    case .and: x != 0 && y != 0 ? 1 : 0
    case .or: x != 0 || y != 0 ? 1 : 0
    }
  }

  static func compare(_ comparison: Operation.Comparison, _ x: Double, with y: Double) -> Bool {
    switch comparison {
    case .less: x < y
    case .lessOrEqual: x <= y
    case .greater: x > y
    case .greaterOrEqual: x >= y
    case .equal: x == y
    case .notEqual: x != y
    }
  }
}
