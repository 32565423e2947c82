/// What the build embeds of the directory `Files`. A test compares the lists with it.
enum EmbeddedFiles {
  static let python: [WorkerFiles.File] = [
    ("opz_worker/__init__.py", PackageResources.__init___py),
    ("opz_worker/__main__.py", PackageResources.__main___py),
    ("opz_worker/boosters.py", PackageResources.boosters_py),
    ("opz_worker/code.py", PackageResources.code_py),
    ("opz_worker/failures.py", PackageResources.failures_py),
    ("opz_worker/forking.py", PackageResources.forking_py),
    ("opz_worker/frames.py", PackageResources.frames_py),
    ("opz_worker/graphs.py", PackageResources.graphs_py),
    ("opz_worker/hub.py", PackageResources.hub_py),
    ("opz_worker/loading.py", PackageResources.loading_py),
    ("opz_worker/model.py", PackageResources.model_py),
    ("opz_worker/objects.py", PackageResources.objects_py),
    ("opz_worker/statistics.py", PackageResources.statistics_py),
    ("opz_worker/tables.py", PackageResources.tables_py),
    ("opz_worker/tensors.py", PackageResources.tensors_py),
    ("opz_worker/worker.py", PackageResources.worker_py),
  ]

  static let r: [WorkerFiles.File] = [("worker.R", PackageResources.worker_R)]

  static let inits: [WorkerFiles.File] = [
    ("init/opz-init-amd64", PackageResources.opz_init_amd64), ("init/opz-init-arm64", PackageResources.opz_init_arm64),
  ]
}
