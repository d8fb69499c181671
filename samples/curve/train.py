"""A training script with a learning curve, by the standard library alone.

Logistic regression on two noisy, bent classes: SGD with momentum on random features. One line an
epoch; it knows nothing of dialin.

    python3 train.py --lr=0.1 --momentum=0.9 --width=2 --features=64 --decay=1e-4 --epochs 27
"""
import argparse
import math
import random

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.05)
parser.add_argument("--momentum", type=float, default=0.0)
parser.add_argument("--width", type=float, default=1.0, help="of the random features")
parser.add_argument("--features", type=int, default=32)
parser.add_argument("--decay", type=float, default=1e-4)
parser.add_argument("--epochs", type=int, default=27)
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args()

random.seed(42)  # the data are the same in every run


def point():
    label = random.random() < 0.5
    angle = math.pi * random.random()
    x, y = math.cos(angle), math.sin(angle)
    if label:
        x, y = 1 - x, 0.5 - y
    return (x + random.gauss(0, 0.25), y + random.gauss(0, 0.25)), label


data = [point() for _ in range(300)]
random.seed(args.seed)  # features and order are not
directions = [
    (random.gauss(0, args.width), random.gauss(0, args.width), random.uniform(0, 2 * math.pi))
    for _ in range(args.features)
]
scale = math.sqrt(2 / args.features)
rows = [
    ([scale * math.cos(a * x + b * y + c) for a, b, c in directions], float(label))
    for (x, y), label in data
]
train, held_out = rows[:200], rows[200:]
weights = [0.0] * args.features
speed = [0.0] * args.features


def predict(row):
    score = sum(w * f for w, f in zip(weights, row))
    return 1 / (1 + math.exp(-max(-30, min(30, score))))


for epoch in range(1, args.epochs + 1):
    random.shuffle(train)
    for row, label in train:
        wrong = predict(row) - label
        for k, feature in enumerate(row):
            speed[k] = args.momentum * speed[k] - args.lr * (wrong * feature + args.decay * weights[k])
            weights[k] += speed[k]
    loss = 0.0
    for row, label in held_out:
        chance = min(max(predict(row), 1e-9), 1 - 1e-9)
        loss -= math.log(chance if label else 1 - chance) / len(held_out)
    print("epoch %d val_loss %.5f" % (epoch, loss), flush=True)
