import OpzIO
import OpzInference
import OpzTestKit
import OpzWorkerFiles

extension TemporaryDirectory {
  /// A directory that has the program of Python workers.
  static func withWorker() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for file in WorkerFiles.python {
      try directory.write("worker/\(file.path)", String(decoding: file.bytes, as: UTF8.self))
    }
    return directory
  }

  /// A worker that runs that program in the Python which `scripts/dependencies` installs.
  /// - Parameter predict: the file that loads the model and predicts.
  func worker(predict: String) -> ServeSettings.Worker {
    let python = PackageRoot.path(#filePath).appending(".build/test-python/bin/python").string
    var worker = ServeSettings.Worker(.python, command: [python, "-m", "opz_worker"])
    worker.path = path.appending("worker").string
    worker.predict = predict
    return worker
  }
}
