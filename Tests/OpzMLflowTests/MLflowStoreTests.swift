import OpzIO
import OpzOCI
import OpzTestKit
import SystemPackage
import Testing

@testable import OpzMLflow

@Suite("MLflow's store")
struct MLflowStoreTests {
  /// A store of MLflow 1.30: no workspaces, no aliases, no logged models, no storage_location.
  static let old = """
    CREATE TABLE registered_models (name VARCHAR(256) NOT NULL, creation_time BIGINT, last_updated_time BIGINT, description VARCHAR(5000));
    CREATE TABLE model_versions (name VARCHAR(256) NOT NULL, version INTEGER NOT NULL, creation_time BIGINT, last_updated_time BIGINT,
      description VARCHAR(5000), user_id VARCHAR(256), current_stage VARCHAR(20), source VARCHAR(500), run_id VARCHAR(32), run_link VARCHAR(500),
      status VARCHAR(20), status_message VARCHAR(500));
    CREATE TABLE registered_model_tags (key VARCHAR(250) NOT NULL, value VARCHAR(5000), name VARCHAR(256) NOT NULL);
    CREATE TABLE model_version_tags (key VARCHAR(250) NOT NULL, value VARCHAR(5000), name VARCHAR(256) NOT NULL, version INTEGER NOT NULL);
    CREATE TABLE runs (run_uuid VARCHAR(32) NOT NULL, artifact_uri VARCHAR(200));
    INSERT INTO registered_models VALUES ('old', 1, 1, NULL);
    INSERT INTO runs VALUES ('r1', 'file:///srv/mlruns/0/r1/artifacts');
    INSERT INTO model_versions VALUES ('old', 10, 1, 1, NULL, NULL, 'Production', 'runs:/r1/model', 'r1', NULL, 'READY', NULL);
    INSERT INTO model_versions VALUES ('old', 9, 1, 1, 'x', NULL, 'None', 'models:/old/10', NULL, NULL, 'READY', NULL);
    INSERT INTO model_versions VALUES ('old', 8, 1, 1, NULL, NULL, 'Archived', 'models:/old/8', NULL, NULL, 'READY', NULL);
    INSERT INTO model_versions VALUES ('old', 7, 1, 1, NULL, NULL, 'Deleted_Internal', 'x', NULL, NULL, 'READY', NULL);
    """

  func read(_ sql: String) throws -> [MLflowStore.Model] {
    let directory = try TemporaryDirectory()
    try MLflowFixture.write(sql, in: directory)
    return try MLflowStore("mlflow.db", in: directory.path).models()
  }

  @Test("a store written by MLflow 3.17.2 is read")
  func whole() throws {
    let directory = try TemporaryDirectory()
    try MLflowFixture.write(in: directory)
    let models = try MLflowStore("sqlite:///mlflow.db", in: directory.path).models()
    #expect(models.map(\.name) == ["Fraud Model!", "churn"])
    let churn = models[1]
    #expect(churn.tags == ["owner": "ada"])
    #expect(churn.aliases == ["champion": 2, "Challenger_1": 3])
    #expect(churn.versions.map(\.number) == [2, 3])
    let second = churn.versions[0]
    #expect(second.location == directory.path.appending(MLflowFixture.artifacts[1]).string)
    #expect(second.tags == ["team": "crm"])
    #expect(second.description == "# Second\nBetter.")
    #expect(second.created == 1_795_485_773_579)
    #expect(second.stage == nil)
    #expect(second.run?.metrics == ["auc": .number(0.83000000000000007105), "nan": .string("NaN")])
    #expect(second.run?.parameters == ["depth": "2"])
    #expect(second.run?.tags["mlflow.user"] == "root")
  }

  @Test("a store of MLflow 1.30 is read: stages, and sources that name runs and versions")
  func oldStore() throws {
    let versions = try read(MLflowStoreTests.old)[0].versions
    #expect(versions.map(\.number) == [8, 9, 10])
    #expect(versions[2].location == "file:///srv/mlruns/0/r1/artifacts/model")
    #expect(versions[1].location == versions[2].location)
    #expect(versions[0].location == "models:/old/8", "a version that names itself ends")
    #expect(versions.map(\.stage) == ["Archived", nil, "Production"])
  }

  @Test(
    "numbers, names and texts that MLflow never writes are skipped safely",
    arguments: [
      "UPDATE model_versions SET version = -1", "UPDATE model_versions SET version = 0",
      "UPDATE model_versions SET version = 9223372036854775807, creation_time = -9223372036854775808",
      "UPDATE model_versions SET version = 'x', creation_time = 'y', source = NULL",
      "UPDATE model_versions SET source = 'models:/', run_id = x'00ff'", "UPDATE registered_models SET name = NULL",
      "UPDATE model_versions SET source = 'runs:/'", "UPDATE registered_models SET name = x'ff'",
      "UPDATE model_versions SET version = 1e300", "INSERT INTO registered_models SELECT * FROM registered_models",
    ])
  func hostile(_ change: String) throws {
    for version in try read(MLflowStoreTests.old.replacing(" NOT NULL", with: "") + change + ";").flatMap(\.versions) {
      #expect(version.number > 0)
    }
  }

  @Test("a file that is not a store is an error that says so")
  func noStore() throws {
    let directory = try TemporaryDirectory()
    try directory.write(
      "text.db", "hello, this is no database at all, and long enough to be read as a header of one ..............")
    try MLflowFixture.write("CREATE TABLE other (x);", in: directory)
    for (name, kind) in [("text.db", MLflowError.Code.notAStore), ("none.db", .notFound), ("mlflow.db", .notAStore)] {
      let error = #expect(throws: MLflowError.self) { try MLflowStore(name, in: directory.path) }
      #expect(error?.code == kind)
    }
  }

  @Test("a view in place of a table is not queried")
  func view() throws {
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS name FROM n"
    let error = #expect(throws: MLflowError.self) {
      try read("CREATE TABLE model_versions (name); CREATE VIEW registered_models AS \(endless);")
    }
    #expect(error?.code == .notAStore)
  }

  @Test("a text beyond the limit is an error and is not loaded")
  func longText() throws {
    let error = #expect(throws: MLflowError.self) {
      try read(MLflowStoreTests.old + "UPDATE model_versions SET source = printf('%.*c', 8000000, 'x');")
    }
    #expect(error?.reason.contains("too big") == true)
  }

  @Test("a missing workspace is named")
  func workspace() throws {
    let directory = try TemporaryDirectory()
    try MLflowFixture.write(in: directory)
    let error = #expect(throws: MLflowError.self) {
      try MLflowStore("mlflow.db", in: directory.path).models(workspace: "blue")
    }
    #expect(error?.hint == "its workspaces are default")
  }
}
