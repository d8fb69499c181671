"""Fits a polynomial to noisy points by gradient descent. Python's own library only.

usage: train.py CONFIG.toml [--seed N]
"""
import math
import random
import sys
import tomllib

with open(sys.argv[1], "rb") as file:
    config = tomllib.load(file)
rng = random.Random(int(sys.argv[sys.argv.index("--seed") + 1]) if "--seed" in sys.argv else 0)
data, model, optimizer = config["data"], config["model"], config["optimizer"]


def points(n):
    xs = [rng.uniform(-1, 1) for _ in range(n)]
    return [[x ** k for k in range(model["degree"] + 1)] for x in xs], [
        math.sin(3 * x) + rng.gauss(0, data["noise"]) for x in xs]


def standardize(train, *others):
    for k in range(1, model["degree"] + 1):
        column = [row[k] for row in train]
        mean = sum(column) / len(column)
        deviation = math.sqrt(sum((v - mean) ** 2 for v in column) / len(column)) or 1.0
        for row in [*train, *(row for other in others for row in other)]:
            row[k] = (row[k] - mean) / deviation


def loss(rows, ys, w):
    return sum((sum(a * b for a, b in zip(row, w)) - y) ** 2 for row, y in zip(rows, ys)) / len(ys)


train, train_y = points(data["points"])
valid, valid_y = points(data["points"])
if data["standardize"]:
    standardize(train, valid)
w = [0.0] * (model["degree"] + 1)
v = [0.0] * len(w)
for epoch in range(1, config["epochs"] + 1):
    gradient = [2 * model["decay"] * a for a in w]
    for row, y in zip(train, train_y):
        error = 2 * (sum(a * b for a, b in zip(row, w)) - y) / len(train)
        for k, value in enumerate(row):
            gradient[k] += error * value
    for k, slope in enumerate(gradient):
        v[k] = optimizer["momentum"] * v[k] - optimizer["lr"] * slope
        w[k] += v[k]
    if not all(math.isfinite(a) and abs(a) < 1e9 for a in w):
        sys.exit(f"diverged at epoch {epoch}")
    print(f"epoch {epoch} train_loss {loss(train, train_y, w):.5f} val_loss {loss(valid, valid_y, w):.5f}",
          flush=True)
