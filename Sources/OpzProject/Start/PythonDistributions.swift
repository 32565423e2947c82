/// Which distribution of PyPI has a module: `sklearn` is in `scikit-learn`.
public enum PythonDistributions {
  /// Modules whose distribution has another name.
  static let others: [String: String] = [
    "sklearn": "scikit-learn", "imblearn": "imbalanced-learn", "skopt": "scikit-optimize", "PIL": "pillow",
    "cv2": "opencv-python-headless", "yaml": "PyYAML", "bs4": "beautifulsoup4", "dateutil": "python-dateutil",
    "category_encoders": "category-encoders", "feature_engine": "feature-engine", "sklearn_pandas": "sklearn-pandas",
    "autosklearn": "auto-sklearn", "sentence_transformers": "sentence-transformers",
    "pytorch_lightning": "pytorch-lightning", "google": "protobuf", "attr": "attrs", "umap": "umap-learn",
    "dotenv": "python-dotenv", "tensorflow": "tensorflow-cpu", "tf_keras": "tf-keras",
    "interpret": "interpret-core", "Levenshtein": "levenshtein",
  ]

  /// Those whose module has the distribution's name, as far as they are known.
  static let same: Set<String> = [
    "numpy", "scipy", "pandas", "joblib", "cloudpickle", "dill", "xgboost", "lightgbm", "catboost", "statsmodels",
    "torch", "torchvision", "transformers", "tokenizers", "safetensors", "keras", "onnx", "onnxruntime", "skops",
    "mlflow", "polars", "pyarrow", "prophet", "pmdarima", "shap", "numba", "networkx", "nltk", "spacy", "gensim",
    "mlxtend", "tsfresh", "sktime", "tslearn", "lifelines", "pygam", "econml", "river", "pyod", "optuna", "requests",
    "pydantic", "hdbscan", "regex", "sympy", "patsy", "formulaic", "narwhals", "flaml", "tpot",
    "lightning", "sklearn2pmml",
  ]

  /// The distribution of a top-level module, and whether that is known rather than taken from the module's name.
  public static func distribution(of module: String) -> (name: String, isKnown: Bool) {
    if let name = others[module] { return (name, true) }
    return (module.map { $0 == "_" ? "-" : String($0) }.joined(), same.contains(module))
  }

  /// Top-level modules that come with scikit-learn and need no line of their own.
  public static let withScikitLearn: Set<String> = ["numpy", "scipy", "joblib", "threadpoolctl"]
}
