import OpzIO
import OpzInference
import OpzWorkers
import Testing

/// Models of scikit-learn, and what a predict.py may ask for.
@Suite("Python models")
struct PythonModelTests {
  let bench: WorkerBench

  init() throws { bench = try WorkerBench() }

  /// A pool of a model that a Python program makes, and what it prints.
  private func pool(_ file: String, loader: String? = nil, made program: String) async throws -> (WorkerPool, String) {
    let printed = try bench.run(python: program)
    var settings = ServeSettings(model: bench.directory.path.appending(file).string)
    var worker = ServeSettings.Worker(.python, command: [WorkerBench.python, "-m", "opz_worker"])
    worker.path = bench.directory.path.appending("worker").string
    worker.loader = loader
    settings.worker = worker
    return (try await bench.pool(settings), printed)
  }

  private func numbers(_ text: String) -> [Double] {
    text.split(whereSeparator: { " \n,[]()".contains($0) }).compactMap { Double($0) }
  }

  @Test("a forest answers what scikit-learn does, by matrix and by column", arguments: ["joblib", "pickle"])
  func forest(_ kind: String) async throws {
    let (pool, printed) = try await pool(
      kind == "joblib" ? "m.joblib" : "m.pkl",
      made: """
        import joblib, numpy, pandas, pickle
        from sklearn.ensemble import RandomForestClassifier
        rng = numpy.random.default_rng(7)
        X = pandas.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "c"])
        m = RandomForestClassifier(11, random_state=3).fit(X, numpy.where(X.a > X.b, "yes", "no"))
        joblib.dump(m, "m.joblib"); pickle.dump(m, open("m.pkl", "wb"))
        rows = pandas.DataFrame([[0.1, 0.2, 0.3], [1.5, -1.5, 0]], columns=X.columns)
        print(" ".join(repr(float(p)) for p in m.predict_proba(rows).ravel()), *m.predict(rows))
        """)
    #expect(pool.inputs.map(\.name) == ["a", "b", "c"])
    #expect(pool.outputs.map(\.name) == ["prediction", "probability"])
    #expect(pool.platform == "scikit_learn")
    let matrix = RawTensor.doubles("rows", [0.1, 0.2, 0.3, 1.5, -1.5, 0], columns: 3)
    let outputs = try await pool.predict(RemoteRequest(inputs: [matrix]))
    #expect(outputs[1].doubles == numbers(printed) && outputs[1].shape == [2, 2])
    #expect(outputs[0].texts == printed.split(whereSeparator: \.isWhitespace).suffix(2).map(String.init))
    // The same by column, in another order, and one output alone.
    var request = RemoteRequest(
      inputs: [.doubles("c", [0.3, 0]), .doubles("a", [0.1, 1.5]), .doubles("b", [0.2, -1.5])])
    request.outputs = ["probability"]
    #expect(try await pool.predict(request).map(\.doubles) == [numbers(printed)])
    request.outputs = ["none"]
    let unknown = await #expect(throws: RequestFailure.self) { try await pool.predict(request) }
    #expect(unknown?.status == 400 && unknown?.message.contains("prediction, probability") == true)
    let absent = await #expect(throws: RequestFailure.self) {
      try await pool.predict(RemoteRequest(inputs: [.doubles("a", [1])]))
    }
    #expect(absent?.status == 400 && absent?.message == "missing inputs: b, c")
    await pool.stop(seconds: 5)
  }

  @Test("a pipeline with texts, and what is missing")
  func pipeline() async throws {
    let (pool, printed) = try await pool(
      "p.joblib",
      made: """
        import joblib, numpy, pandas
        from sklearn.compose import make_column_transformer
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder
        rng = numpy.random.default_rng(1)
        X = pandas.DataFrame({"age": rng.normal(size=300), "plan": rng.choice(["x", "y", None], 300)})
        m = make_pipeline(
            make_column_transformer((SimpleImputer(), ["age"]), (OneHotEncoder(handle_unknown="ignore"), ["plan"])),
            LogisticRegression()).fit(X, (X.age > 0).astype(int))
        joblib.dump(m, "p.joblib")
        rows = pandas.DataFrame({"age": [0.5, numpy.nan, 2], "plan": ["x", None, "never seen"]})
        print(" ".join(repr(float(p)) for p in m.predict_proba(rows).ravel()))
        """)
    #expect(pool.inputs[1].datatype == .bytes && pool.inputs[1].categories == ["x", "y"])
    let request = RemoteRequest(inputs: [
      .integers("age", [0, 0, 2], missing: [1]), .texts("plan", ["x", nil, "never seen"]),
    ])
    var doubled = request
    doubled.inputs[0] = .doubles("age", [0.5, .nan, 2])
    #expect(try await pool.predict(doubled)[1].doubles == numbers(printed))
    #expect(try await pool.predict(request)[0].integers.count == 3)
    await pool.stop(seconds: 5)
  }

  @Test(
    "predict gets the table that its annotation asks for",
    arguments: [
      ("import pandas as pd", "pd.DataFrame", "DataFrame", #"[float(frame["x"].sum())] * 2"#),
      ("import numpy", "numpy.ndarray", "ndarray", "[float(frame[:, 0].sum())] * 2"),
      ("import numpy.typing as npt", "npt.NDArray", "ndarray", "[float(frame[:, 0].sum())] * 2"),
      ("", "list[dict]", "list", #"[float(sum(row["x"] for row in frame))] * 2"#),
      ("from typing import Any", "list[dict[str, Any]]", "list", #"[float(sum(row["x"] for row in frame))] * 2"#),
      ("", "dict", "dict", #"[float(frame["x"].sum())] * 2"#),
      ("", "", "DataFrame", #"[float(frame["x"].sum())] * 2"#),
    ])
  func frames(_ imports: String, _ annotation: String, type: String, answer: String) async throws {
    let code = """
      \(imports)
      def load(directory):
          return "loaded"
      def predict(frame\(annotation.isEmpty ? "" : ": \(annotation)"), model):
          return {"sum": \(answer), "type": [type(frame).__name__, model]}
      """
    let pool = try await bench.pool(try bench.settings(code: code))
    let outputs = try await pool.predict(RemoteRequest(inputs: [.doubles("x", [1, 2])]))
    #expect(outputs.map(\.name) == ["sum", "type"])
    #expect(outputs[0].doubles == [3, 3] && outputs[1].texts == [type, "loaded"])
    await pool.stop(seconds: 5)
  }

  @Test("what predict may give back")
  func outputs() async throws {
    let code = """
      import numpy as np, pandas as pd
      def predict(frame):
          n = len(frame)
          return {
              "floats": np.arange(n) / 2, "wide": np.ones((n, 2), dtype="f4"), "flags": np.array([True, False]),
              "texts": ["é", None], "mixed": [1, None], "objects": [{"a": 1}, [2]],
              "nullable": pd.Series([7, None], dtype="Int64"), "categories": pd.Series(["u", "v"], dtype="category"),
              "dates": pd.to_datetime(["2026-01-02", "2026-01-03"]), "nan": [float("nan"), 1.5],
          }
      """
    let pool = try await bench.pool(try bench.settings(code: code))
    let outputs = try await pool.predict(RemoteRequest(inputs: [.doubles("x", [1, 2])]))
    let named = Dictionary(uniqueKeysWithValues: outputs.map { ($0.name, $0) })
    #expect(named["floats"]?.doubles == [0, 0.5])
    #expect(named["wide"]?.shape == [2, 2] && named["wide"]?.datatype == .fp32)
    #expect(named["flags"]?.bytes == [1, 0] && named["flags"]?.datatype == .bool)
    #expect(named["texts"]?.texts == ["é", nil])
    #expect(named["mixed"]?.integers == [1, 0] && named["mixed"]?.missing == [1])
    #expect(named["objects"]?.texts == [#"{"a": 1}"#, "[2]"])
    #expect(named["nullable"]?.integers == [7, 0] && named["nullable"]?.missing == [1])
    #expect(named["categories"]?.texts == ["u", "v"])
    #expect(named["dates"]?.texts.first??.hasPrefix("2026-01-02") == true)
    #expect(named["nan"]?.doubles[0].isNaN == true && named["nan"]?.doubles[1] == 1.5)
    await pool.stop(seconds: 5)
  }

  @Test("requests of different columns, types, outputs or parameters never share a call")
  func mixing() async throws {
    let code = """
      import time
      def predict(frame: dict, parameters=None):
          time.sleep(0.02)
          rows = len(next(iter(frame.values())))
          seen = ",".join(f"{name}:{values.dtype}" for name, values in sorted(frame.items()))
          return {"seen": [f"{seen} {(parameters or {}).get('k')}"] * rows, "rows": [rows] * rows}
      """
    let pool = try await bench.pool(try bench.settings(code: code))
    var kinds: [(RemoteRequest, String)] = [
      (RemoteRequest(inputs: [.doubles("x", [1])]), "x:float64 None"),
      (RemoteRequest(inputs: [.integers("x", [1])]), "x:int64 None"),
      (RemoteRequest(inputs: [.doubles("y", [1])]), "y:float64 None"),
      (RemoteRequest(inputs: [.doubles("x", [1, 2], columns: 2)]), "x:float64 None"),
      (RemoteRequest(inputs: [.doubles("x", [1])]), "x:float64 1"),
    ]
    kinds[4].0.parameters = Array(#"{"k":1}"#.utf8)
    let all = kinds
    let wrong = await withTaskGroup(of: String?.self) { group in
      for number in 0..<60 {
        group.addTask {
          let (request, wanted) = all[number % all.count]
          do {
            let outputs = try await pool.predict(request)
            return outputs[0].texts == [wanted] ? nil : "\(outputs[0].texts) instead of \(wanted)"
          } catch { return "\(error)" }
        }
      }
      return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
    }
    #expect(wrong.isEmpty, "\(wrong)")
    await pool.stop(seconds: 5)
  }
}
