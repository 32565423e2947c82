"""Models in directories of libraries that say themselves what they are: MLflow, and Hugging Face's transformers."""

import json
import os

from .failures import LoadFailure, bad_input
from .model import Model, column, version_of
from .tensors import numpy_or_none


def load_mlflow(path):
    """A directory with MLmodel, of any flavor, by mlflow.pyfunc."""
    import mlflow.pyfunc

    return MLflow(mlflow, path)


class MLflow(Model):
    """A model of MLflow. Columns get the types of its signature, which MLflow insists on."""

    TYPES = {"boolean": "BOOL", "integer": "INT32", "long": "INT64", "float": "FP32", "double": "FP64", "string": "BYTES", "datetime": "BYTES"}
    PANDAS = {"boolean": "bool", "integer": "int32", "long": "int64", "float": "float32", "double": "float64", "datetime": "datetime64[ns]"}

    def __init__(self, mlflow, path):
        self.model = mlflow.pyfunc.load_model(path)
        self.library = ("mlflow", version_of(mlflow))
        self.blames = self.blames + (mlflow.exceptions.MlflowException,)
        self.kinds = {}
        schema = self.model.metadata.get_input_schema()
        if schema is not None and schema.is_tensor_spec():
            self.kind = "tensors" if len(schema.inputs) > 1 or schema.inputs[0].name else "numpy"
            self.tensor_types = {item.name: item.type for item in schema.inputs}
            self.inputs = [_tensor(item, "input") for item in schema.inputs]
        elif schema is not None:
            self.kind = "pandas"
            self.kinds = {str(item.name or number): _type(item) for number, item in enumerate(schema.inputs)}
            self.inputs = [
                column(name, self.TYPES.get(kind), missing=None if getattr(item, "required", True) else True)
                for (name, kind), item in zip(self.kinds.items(), schema.inputs)
            ]
        outputs = self.model.metadata.get_output_schema()
        if outputs is not None and outputs.is_tensor_spec():
            self.outputs = [_tensor(item, "prediction") for item in outputs.inputs]

    def predict(self, table, wanted, parameters):
        if self.kind == "pandas":
            for name, kind in self.kinds.items():
                wantedkind = self.PANDAS.get(kind)
                if wantedkind is not None and str(table[name].dtype) != wantedkind and not (wantedkind[0] in "ib" and table[name].isna().any()):
                    table[name] = table[name].astype(wantedkind)
        elif self.kind == "numpy":
            table = table.astype(next(iter(self.tensor_types.values())), copy=False)
        elif getattr(self, "tensor_types", None):
            table = {name: array.astype(self.tensor_types.get(name, array.dtype), copy=False) for name, array in table.items()}
        result = self.model.predict(table)
        if isinstance(result, dict):
            return result
        if hasattr(result, "columns") and hasattr(result, "iloc"):
            if len(result.columns) == 1:
                return {"prediction": result.iloc[:, 0]}
            return {str(name): result[name] for name in result.columns}
        return {"prediction": result}


def _type(item):
    return getattr(getattr(item, "type", None), "name", "string").lower()


def _tensor(item, otherwise):
    spec = {"name": item.name or otherwise, "shape": [int(size) for size in item.shape]}
    from .model import datatype_of

    datatype = datatype_of(item.type)
    if datatype is not None:
        spec["datatype"] = datatype
    return spec


TASKS = (
    ("ForSequenceClassification", "text-classification"),
    ("ForTokenClassification", "token-classification"),
    ("ForQuestionAnswering", "question-answering"),
    ("ForMaskedLM", "fill-mask"),
    ("ForCausalLM", "text-generation"),
    ("LMHeadModel", "text-generation"),
    ("ForConditionalGeneration", "text2text-generation"),
)


def load_transformers(path):
    """A directory of save_pretrained's."""
    import transformers

    return Transformers(transformers, path)


class Transformers(Model):
    """A pipeline on texts: classification answers label and probability, everything else its result as JSON."""

    kind = "tensors"

    def __init__(self, transformers, path):
        # Nothing is fetched: what the directory does not have is missing.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
            config = json.load(file)
        architecture = (config.get("architectures") or [""])[0]
        self.task = config.get("pipeline_tag") or next((task for end, task in TASKS if architecture.endswith(end)), "feature-extraction")
        self.library = ("transformers", version_of(transformers))
        try:
            self.pipeline = transformers.pipeline(self.task, model=path, tokenizer=path, device=-1)
        except KeyError as failure:
            raise LoadFailure(f"transformers does not know the task '{self.task}': {failure}") from failure
        names = ["question", "context"] if self.task == "question-answering" else ["text"]
        self.inputs = [column(name, "BYTES", shape=[-1]) for name in names]
        if self.task == "text-classification":
            self.outputs = [{"name": "label", "datatype": "BYTES", "shape": [-1]}, {"name": "probability", "datatype": "FP64", "shape": [-1]}]
        else:
            self.outputs = [{"name": "prediction", "datatype": "BYTES", "shape": [-1]}]

    def predict(self, table, wanted, parameters):
        values = list(table.values())
        texts = [list(value.reshape(-1)) if hasattr(value, "reshape") else list(value) for value in values]
        if any(not isinstance(text, str) for column_ in texts for text in column_):
            raise bad_input("the model takes texts: send the datatype BYTES, none missing")
        settings = {name: value for name, value in (parameters or {}).items() if isinstance(value, (int, float, str, bool))}
        if self.task == "question-answering":
            results = [self.pipeline(question=q, context=c, **settings) for q, c in zip(table["question"], table["context"])]
        else:
            results = self.pipeline(texts[0], **settings)
        if self.task == "text-classification":
            best = [item[0] if isinstance(item, list) else item for item in results]
            return {"label": [item["label"] for item in best], "probability": numpy_or_none().array([float(item["score"]) for item in best])}
        return {"prediction": [json.dumps(item, default=_plain) for item in results]}


def _plain(value):
    return value.tolist() if hasattr(value, "tolist") else str(value)
