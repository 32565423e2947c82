import OpzIO
public import SystemPackage

/// An MLflow store made from SQL, with artifacts.
public enum MLflowFixture {
  /// Artifact directories of the versions in `mlflow-3.17.2.sql`, relative to the database's directory.
  public static let artifacts = [
    "mlruns/1/models/m-9bb1ceef14cb4556a4b81a043f5d7c0c/artifacts",
    "mlruns/1/models/m-e70556a57b1943c0bc430c52eb46accc/artifacts",
    "mlruns/1/models/m-727ab9ac334f40c29b2a04ffae8d4583/artifacts",
  ]

  /// Writes `mlflow.db` with the content that MLflow 3.17.2 wrote, and a model directory for each version.
  /// - Parameter place: the path below the directory where all of it is.
  @discardableResult
  public static func write(in directory: TemporaryDirectory, below place: String = "") throws -> FilePath {
    let top = directory.path.pushing(FilePath(place))
    try Durable.makeDirectory(top)
    for (index, artifacts) in artifacts.enumerated() {
      let place = FilePath(place).pushing(FilePath(artifacts)).string
      try directory.write(
        "\(place)/MLmodel",
        """
        flavors:
          python_function: {loader_module: mlflow.sklearn, python_version: 3.11.2}
        signature:
          inputs: '[{"type": "double", "name": "age", "required": true}]'
          outputs: '[{"type": "double", "required": true}]'

        """)
      try directory.write("\(place)/model.pkl", "weights \(index + 1)")
    }
    let dump = PackageRoot.path(#filePath).appending("Tests/OpzMLflowTests/Fixtures/mlflow-3.17.2.sql")
    let sql = String(decoding: try FileBlob(dump).bytes(), as: UTF8.self)
    return try write(sql.replacing("@ROOT@", with: top.string), at: top.appending("mlflow.db"))
  }

  /// Runs SQL on `mlflow.db` with Python's SQLite module.
  @discardableResult
  public static func write(_ sql: String, in directory: TemporaryDirectory) throws -> FilePath {
    try write(sql, at: directory.path.appending("mlflow.db"))
  }

  private static func write(_ sql: String, at database: FilePath) throws -> FilePath {
    let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.stdin.read()); c.commit()"
    let output = try Python.run(["-c", script, database.string], input: Array(sql.utf8))
    guard output.status == 0 else { throw IOFailure(output.errorText, path: database) }
    return database
  }
}
