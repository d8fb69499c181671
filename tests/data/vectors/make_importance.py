"""Writes importance.json: parameter importances as Optuna 5.0 computes them.

usage: python3 make_importance.py > importance.json
"""
import json
import random
import warnings

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.trial import TrialState, create_trial

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)

SPACE = {
    "lr": FloatDistribution(1e-5, 1e-1, log=True),
    "dropout": FloatDistribution(0.0, 0.5, step=0.05),
    "width": IntDistribution(1, 9, step=4),
    "depth": IntDistribution(1, 1024, log=True),
    "x": FloatDistribution(-5.0, 5.0),
    "k": IntDistribution(0, 200),
    "opt": CategoricalDistribution(["sgd", "adam", "adamw"]),
    "momentum": FloatDistribution(0.8, 0.99),
    "one": FloatDistribution(2.0, 2.0),
}


def draw(rng):
    p = {
        "lr": 10 ** rng.uniform(-5, -1),
        "dropout": 0.05 * rng.randrange(11),
        "width": rng.choice([1, 5, 9]),
        "depth": rng.choice([1, 2, 3, 7, 20, 64, 300, 1000, 1024]),
        "x": rng.uniform(-5, 5),
        "k": rng.randrange(201),
        "opt": rng.choice(["sgd", "adam", "adamw"]),
        "momentum": rng.uniform(0.8, 0.99),
        "one": 2.0,
    }
    p["dropout"] = min(max(round(p["dropout"], 10), 0.0), 0.5)
    if p["opt"] != "sgd":
        del p["momentum"]
    return p


def loss(p, rng):
    out = (p["x"] - 1) ** 2 + {"sgd": 3, "adam": 0, "adamw": 1}[p["opt"]] + p["dropout"] + p["k"] / 100
    return out + 0.1 * rng.random()


def case(name, n, direction, seed, ties=False):
    rng = random.Random(seed)
    study = optuna.create_study(direction=direction)
    rows, values = [], []
    for _ in range(n):
        p = draw(rng)
        v = loss(p, rng)
        if ties:
            v = float(round(v / 4))
        if direction == "maximize":
            v = -v
        study.add_trial(create_trial(state=TrialState.COMPLETE, value=v, params=p,
                                     distributions={k: SPACE[k] for k in p}))
        rows.append([None if k not in p else SPACE[k].to_internal_repr(p[k]) for k in SPACE])
        values.append(v)
    raw = PedAnovaImportanceEvaluator().evaluate(study)
    return {
        "id": name,
        "inputs": {"maximize": direction == "maximize", "x": rows, "values": values},
        "expected": {"ped_anova": [raw[k] for k in SPACE]},
    }


print(json.dumps({
    "source": f"Optuna {optuna.__version__}, PedAnovaImportanceEvaluator",
    "params": list(SPACE),
    "cases": [
        case("few", 12, "minimize", 1),
        case("many", 150, "minimize", 2),
        case("maximize", 71, "maximize", 3),
        case("ties", 60, "minimize", 4, ties=True),
        case("two", 2, "minimize", 5),
    ],
}, separators=(",", ":")).replace('{"id"', '\n{"id"'))
