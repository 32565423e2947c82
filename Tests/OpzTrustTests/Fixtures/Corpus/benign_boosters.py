"""What XGBoost, LightGBM and skops save."""

import pathlib
import pickle
import tempfile

import joblib
import lightgbm
import numpy as np
import skops.io
import sklearn.linear_model
import sklearn.pipeline
import sklearn.preprocessing
import xgboost

from benign_models import dumped


def make(corpus):
    X, y = np.random.RandomState(0).rand(40, 3), np.array([0, 1] * 20)
    version = f"XGBoost {xgboost.__version__}"
    for kind in (xgboost.XGBClassifier, xgboost.XGBRegressor, xgboost.XGBRFClassifier, xgboost.XGBRFRegressor, xgboost.XGBRanker):
        model = kind(n_estimators=2)
        model.fit(X, y, **({"qid": np.repeat([0, 1], 20)} if kind is xgboost.XGBRanker else {}))
        corpus.benign("model.pkl", f"{version}: {kind.__name__}", pickle.dumps(model))
        corpus.benign("model.joblib", f"{version}: {kind.__name__}, joblib", dumped(model, 3))
    corpus.benign("booster.pkl", f"{version}: a booster", pickle.dumps(model.get_booster()))
    with tempfile.TemporaryDirectory() as directory:
        for suffix in ("json", "ubj", "deprecated"):
            try:
                path = pathlib.Path(directory) / f"model.{suffix}"
                model.get_booster().save_model(path)
                corpus.benign(path.name, f"{version}: save_model {suffix}", path.read_bytes())
            except Exception:
                continue
    version = f"LightGBM {lightgbm.__version__}"
    for kind in (lightgbm.LGBMClassifier, lightgbm.LGBMRegressor, lightgbm.LGBMRanker):
        model = kind(n_estimators=2, min_child_samples=2, verbose=-1)
        model.fit(X, y, **({"group": [20, 20]} if kind is lightgbm.LGBMRanker else {}))
        corpus.benign("model.pkl", f"{version}: {kind.__name__}", pickle.dumps(model))
        corpus.benign("model.joblib", f"{version}: {kind.__name__}, joblib", dumped(model, 3))
    corpus.benign("model.txt", f"{version}: a text", model.booster_.model_to_string().encode())
    pipeline = sklearn.pipeline.make_pipeline(sklearn.preprocessing.StandardScaler(), xgboost.XGBClassifier(n_estimators=2)).fit(X, y)
    corpus.benign("pipeline.pkl", f"{version}: in a pipeline", pickle.dumps(pipeline))
    for name, model in {"a regression": sklearn.linear_model.LogisticRegression().fit(X, y), "a pipeline": sklearn.pipeline.make_pipeline(sklearn.preprocessing.StandardScaler(), sklearn.linear_model.Ridge()).fit(X, y)}.items():
        corpus.benign("model.skops", f"skops {skops.__version__}: {name}", skops.io.dumps(model))
