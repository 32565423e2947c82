public import OpzJSON

/// SARIF logs in tests.
public enum SARIFText {
  /// Returns a log without its rules, whose texts change with the documentation.
  public static func withoutRules(_ log: JSONValue) -> JSONValue {
    guard case .object(var members) = log, case .array(let runs)? = members["runs"] else { return log }
    members["runs"] = .array(
      runs.map { run in
        guard case .object(var run) = run, case .object(var tool)? = run["tool"],
          case .object(var driver)? = tool["driver"]
        else { return run }
        driver["rules"] = nil
        tool["driver"] = .object(driver)
        run["tool"] = .object(tool)
        return .object(run)
      })
    return .object(members)
  }
}
