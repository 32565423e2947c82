"""Makes the models of these tests, requests for them, and XGBoost's own answers.

    python make.py        (xgboost-cpu 3.x, pandas)

The data is made up: a seed, two text columns, holes. The texts are ASCII, because xgboost 3.2 counts the characters of others
where it needs their bytes, and writes a model whose categories are cut at the wrong places. Margins and probabilities are written as the bits of their float32.
"""

import json
import pathlib

import numpy
import pandas
import xgboost

HERE = pathlib.Path(__file__).parent
ROWS = 200


def table(random):
    """Six columns, a tenth of the cells missing."""
    frame = pandas.DataFrame(
        {
            "minutes": random.gamma(3, 60, ROWS),
            "plan": random.choice(["none", "day", "day/night"], ROWS),
            "calls": random.poisson(2, ROWS).astype(float),
            "age": random.normal(40, 15, ROWS),
            "state": random.choice(["KS", "OH", "NJ", "OK", "AL"], ROWS),
            "charge": random.random(ROWS) * 1e-3,
        }
    )
    for column in frame:
        frame.loc[random.random(ROWS) < 0.1, column] = None
    for column in ("plan", "state"):
        frame[column] = frame[column].astype("category")
    return frame


def request(frame):
    inputs = []
    for name in frame:
        column = frame[name]
        text = isinstance(column.dtype, pandas.CategoricalDtype)
        data = [None if pandas.isna(value) else value if text else float(value) for value in column]
        inputs.append(
            {"name": name, "datatype": "BYTES" if text else "FP64", "shape": [len(data)], "data": data}
        )
    return {"id": "fixture", "inputs": inputs[::-1]}


def write(name, value):
    (HERE / name).write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def make(name, parameters, label, frame):
    data = xgboost.DMatrix(frame, label=label, enable_categorical=True)
    settings = {"tree_method": "hist", "max_depth": 4, "seed": 1, "nthread": 1, **parameters}
    model = xgboost.train(settings, data, num_boost_round=12)
    model.save_model(HERE / f"{name}.json")
    bits = lambda values: values.astype(numpy.float32).view(numpy.uint32).reshape(-1).tolist()
    write(
        f"{name}.expected.json",
        {"margin": bits(model.predict(data, output_margin=True)), "probability": bits(model.predict(data))},
    )


def main():
    random = numpy.random.default_rng(20)
    frame = table(random)
    write("request.json", request(frame))
    risk = (
        frame["minutes"].fillna(100) / 100
        + frame["calls"].fillna(1)
        + (frame["plan"].astype(str) == "day") * 2
        + frame["state"].isin(["KS", "NJ"]) * 1.5
        + random.normal(0, 1, ROWS)
    )
    make("binary", {"objective": "binary:logistic"}, (risk > risk.median()).astype(int), frame)
    classes = numpy.digitize(risk, numpy.quantile(risk, [0.33, 0.66]))
    make("classes", {"objective": "multi:softprob", "num_class": 3}, classes, frame)


if __name__ == "__main__":
    main()
