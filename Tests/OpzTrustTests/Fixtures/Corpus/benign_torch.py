"""What torch saves: its zip format and the one before."""

import io

import numpy as np
import torch


def saved(value, **options):
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def make(corpus):
    torch.manual_seed(0)
    version = f"torch {torch.__version__}"
    network = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 1))
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.rand(5, 4)).sum().backward()
    optimizer.step()
    values = {
        "a state": network.state_dict(), "a state of an optimizer": optimizer.state_dict(), "a checkpoint": {"epoch": 3, "model": network.state_dict(), "optimizer": optimizer.state_dict(), "loss": 0.5, "best": np.float64(0.5)},
        "a tensor": torch.rand(3, 3), "integers": torch.arange(5), "halves": torch.zeros(3, dtype=torch.half), "bfloat16": torch.zeros(3, dtype=torch.bfloat16), "truths": torch.tensor([True]), "a parameter": torch.nn.Parameter(torch.ones(2)),
        "a sparse tensor": torch.eye(3).to_sparse(), "a list": [torch.ones(1), "a", 2], "an embedding": torch.nn.Embedding(5, 2).state_dict(), "a recurrent layer": torch.nn.LSTM(2, 2).state_dict(), "a transformer": torch.nn.TransformerEncoderLayer(4, 2, 8).state_dict(),
        "sizes and types": {"size": torch.Size([1, 2]), "type": torch.float32, "device": torch.device("cpu")}, "a quantized tensor": torch.quantize_per_tensor(torch.rand(3), 0.1, 0, torch.quint8),
    }
    names = ["model.pt", "model.pth", "pytorch_model.bin", "last.ckpt"]
    for index, (name, value) in enumerate(values.items()):
        corpus.benign(names[index % 4], f"{version}: {name}", saved(value))
        corpus.benign(names[(index + 1) % 4], f"{version}: {name}, the format before 1.6", saved(value, _use_new_zipfile_serialization=False))
    models = {
        "a whole network": network, "a whole recurrent layer": torch.nn.LSTM(2, 2), "whole convolutions": torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.MaxPool2d(2), torch.nn.Dropout(), torch.nn.Flatten()),
        "a whole embedding": torch.nn.Embedding(5, 2), "a whole transformer": torch.nn.TransformerEncoderLayer(4, 2, 8),
    }
    for name, value in models.items():
        corpus.benign("model.pt", f"{version}: {name}", saved(value))
        corpus.benign("model.pth", f"{version}: {name}, the format before 1.6", saved(value, _use_new_zipfile_serialization=False))
