"""TorchScript's archives, which have code of their own."""

import io

import torch


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = torch.nn.Linear(4, 3), torch.nn.Linear(3, 1)

    def forward(self, x):
        for _ in range(2):
            x = x + x.mean()
        return torch.sigmoid(self.second(torch.relu(self.first(x))))


class Recurrent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = torch.nn.LSTM(4, 2, batch_first=True)

    def forward(self, x):
        return self.cell(x)[0]


def saved(module):
    out = io.BytesIO()
    torch.jit.save(module, out)
    return out.getvalue()


def make(corpus):
    torch.manual_seed(1)
    corpus.benign("model.pt", "torch.jit.script", saved(torch.jit.script(Network())))
    corpus.benign("model.pt", "torch.jit.trace", saved(torch.jit.trace(Network(), torch.zeros(2, 4))))
    corpus.benign("model.pt", "torch.jit.script of a recurrent network", saved(torch.jit.script(Recurrent())))
    corpus.benign("model.pt", "torch.jit.freeze", saved(torch.jit.freeze(torch.jit.script(Network()).eval())))
    corpus.benign("weights.bin", "torch.jit.script under another name", saved(torch.jit.script(torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU()))))
