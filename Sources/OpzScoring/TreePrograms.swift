import OpzIO
import OpzModel

/// An ensemble's program, and a second one where float32 matrices are scored by an ensemble that compares in float64:
/// its thresholds are rounded up to float32, which changes no comparison with a float32. It is made when it is needed.
final class TreePrograms: Sendable {
  let main: TreeProgram
  private let ensemble: TreeEnsemble
  private let options: CompilationOptions
  private let narrow = Monitor<TreeProgram?>(nil)

  init(_ ensemble: TreeEnsemble, _ options: CompilationOptions) {
    self.ensemble = ensemble
    self.options = options
    main = TreeProgram(ensemble, ensemble.inputs == .float32 ? .float32 : .float64, options: options)
  }

  /// The program for matrices of a type.
  func program(isDouble: Bool) -> TreeProgram {
    guard ensemble.inputs == .float64, !isDouble else { return main }
    return narrow.change { program in
      let made = program ?? TreeProgram(ensemble, .float32, options: options)
      program = made
      return made
    }
  }
}
