import OpzIO
import OpzInference
import Testing

@Suite("Settings of a server")
struct ServeSettingsTests {
  private static let whole = """
    {"opz_serve": 1, "name": "iris", "version": "1.0.0", "model": "/models/model.joblib",
     "worker": {"kind": "python", "command": ["/usr/bin/python3", "-m", "opz_worker"], "path": "/opt/opz/worker",
                "loader": "sklearn-joblib", "code": "/app", "predict": "/app/predict.py"},
     "signature": {"inputs": [{"name": "age", "datatype": "FP64", "min": 0, "max": 99, "missing": false},
                              {"name": "plan", "datatype": "BYTES", "categories": ["a", "b"]}],
                   "outputs": [{"name": "prediction", "datatype": "INT64"},
                               {"name": "probability", "datatype": "FP64", "shape": [-1, 2]}]},
     "workers": {"count": 3, "minimum": 2, "memory_mb": 512, "start_seconds": 30, "request_seconds": 5, "fork": false, "gpus": [0, 1]},
     "batch": {"rows": 8, "wait_ms": 2}}
    """

  private func read(_ text: String) throws -> ServeSettings { try ServeSettings(json: Array(text.utf8)) }

  @Test("all members are read, and what is written is read as the same")
  func whole() throws {
    let settings = try read(ServeSettingsTests.whole)
    #expect(settings.name == "iris" && settings.version == "1.0.0" && settings.model == "/models/model.joblib")
    #expect(settings.worker?.command == ["/usr/bin/python3", "-m", "opz_worker"])
    #expect(settings.worker?.loader == "sklearn-joblib" && settings.worker?.predict == "/app/predict.py")
    #expect(settings.signature?.inputs[0].range == 0...99 && settings.signature?.inputs[0].maybeMissing == false)
    #expect(settings.signature?.inputs[1].categories == ["a", "b"])
    #expect(settings.signature?.outputs[1].shape == [-1, 2])
    #expect(
      settings.workers.count == 3 && settings.workers.minimum == 2 && settings.workers.gpus == [0, 1]
        && !settings.workers.forks)
    #expect(settings.batch.rows == 8 && settings.batch.waitMilliseconds == 2)
    #expect(try ServeSettings(json: settings.json()) == settings)
  }

  @Test("what has its default is not written")
  func defaults() throws {
    let settings = try read(#"{"opz_serve": 1, "model": "/models"}"#)
    #expect(settings == ServeSettings(model: "/models"))
    #expect(String(decoding: settings.json(), as: UTF8.self) == "{\n  \"model\": \"/models\",\n  \"opz_serve\": 1\n}\n")
  }

  @Test(
    "what is not as it has to be is refused by its place",
    arguments: [
      (#"{"model": "/m"}"#, "opz_serve"),
      (#"{"opz_serve": 2, "model": "/m"}"#, "opz_serve"),
      (#"{"opz_serve": 1}"#, "model"),
      (#"{"opz_serve": 1, "model": ""}"#, "model"),
      (#"{"opz_serve": 1, "model": "a\u0000b"}"#, "model"),
      (#"{"opz_serve": 1, "model": "/m", "extra": 1}"#, "extra"),
      (#"{"opz_serve": 1, "model": "/m", "worker": {"kind": "perl", "command": ["x"]}}"#, "worker.kind"),
      (#"{"opz_serve": 1, "model": "/m", "worker": {"kind": "python", "command": []}}"#, "worker.command"),
      (#"{"opz_serve": 1, "model": "/m", "worker": {"kind": "r", "command": ["x"], "loader": "y"}}"#, "worker.loader"),
      (#"{"opz_serve": 1, "model": "/m", "workers": {"count": 0}}"#, "workers.count"),
      (#"{"opz_serve": 1, "model": "/m", "workers": {"count": 1, "minimum": 2}}"#, "workers.minimum"),
      (#"{"opz_serve": 1, "model": "/m", "batch": {"rows": 1e9}}"#, "batch.rows"),
      (
        #"{"opz_serve": 1, "model": "/m", "signature": {"inputs": [{"datatype": "FP64"}]}}"#, "signature.inputs[0].name"
      ),
      (#"{"opz_serve": 1, "model": "/m", "signature": {"inputs": [{"name": "a", "datatype": "X"}]}}"#, "datatype"),
      (#"{"opz_serve": 1, "model": "/m", "signature": {"inputs": [{"name": "a"}, {"name": "a"}]}}"#, "twice"),
      (#"{"opz_serve": 1, "model": "/m", "signature": {"inputs": [{"name": "a", "min": 2, "max": 1}]}}"#, "min"),
      (#"{"opz_serve": 1, "model": "/m", "model": "/n"}"#, "JSON"),
      ("[]", "expected an object"),
    ])
  func refused(_ text: String, _ place: String) throws {
    let failure = #expect(throws: SettingsError.self) { try read(text) }
    #expect(failure?.description.contains(place) == true, "\(failure?.description ?? "")")
  }
}
