"""A warm worker: imports and loads once, then takes trial after trial.

One JSON object a line comes in on standard input, answers go out on standard output:

    <- {"trial": 7, "seed": 1, "fold": 0, "params": {"x": 0.3, "degree": 2}, "dir": "..."}
    -> {"trial": 7, "step": 1, "loss": 0.9}      as often as you like
    -> {"trial": 7, "loss": 0.4}                 the result: no step
    -> {"trial": 7, "error": "why"}              it failed
    <- {"prune": 7}                              stop it: {"trial": 7, "pruned": true}
    <- {"exit": true}                            or end of input

What is printed otherwise goes to the log of the trial.
"""
import json
import math
import select
import sys

DATA = [(i / 50, math.sin(4 * i / 50) + 0.3 * (i / 50) ** 2) for i in range(50)]  # what loads once
lines = iter(sys.stdin.buffer.raw.readline, b"")  # unbuffered, so that select() sees what is there


def send(trial, **fields):
    print(json.dumps({"trial": trial, **fields}), flush=True)


def is_to_stop(trial):
    """Has a message come meanwhile? The only one that may is about this trial."""
    if not select.select([sys.stdin], [], [], 0)[0]:
        return False
    line = next(lines, b"")
    if not line:
        return False  # no more trials after this one
    message = json.loads(line)
    if "exit" in message:
        sys.exit()
    return message.get("prune") == trial


def run(trial, params):
    """Polynomial of a degree, fitted by gradient descent."""
    weights = [0.0] * (params["degree"] + 1)
    for step in range(1, 21):
        loss = 0.0
        gradient = [0.0] * len(weights)
        for x, y in DATA:
            wrong = sum(w * x**k for k, w in enumerate(weights)) - y
            loss += wrong * wrong / len(DATA)
            for k in range(len(weights)):
                gradient[k] += 2 * wrong * x**k / len(DATA)
        if not loss < 1e6:
            send(trial, error="diverged at step %d" % step)
            return
        for k, slope in enumerate(gradient):
            weights[k] -= params["rate"] * slope
        send(trial, step=step, loss=loss)
        if is_to_stop(trial):
            send(trial, pruned=True)
            return
    send(trial, loss=loss)


for line in lines:
    request = json.loads(line)
    if "exit" in request:
        break
    if "params" in request:  # else a prune message that came too late
        run(request["trial"], request["params"])
