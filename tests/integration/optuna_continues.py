"""A study that Optuna began is continued by dialin, then by Optuna, then by dialin again.

usage: optuna_continues.py DIALIN FOLDER
"""

import json
import os
import sqlite3
import subprocess
import sys
import warnings

import optuna
from optuna.trial import TrialState

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore")

DIALIN, FOLDER = sys.argv[1:]
PATH = os.path.join(FOLDER, "foreign.db")
YAML = os.path.join(FOLDER, "study.yaml")
URL = "sqlite:///" + PATH
OPTS = ["sgd", "adam", None, True, 0.5]
SCRIPT = """
awk -v x="$1" -v k="$2" 'BEGIN { printf "loss %.12g\\n", (x - 1) ^ 2 + k / 100 }'
"""


def check(actual, expected, what):
    if actual != expected:
        sys.exit(f"{what}: {actual!r} is not {expected!r}")


def objective(trial):
    x = trial.suggest_float("x", -5.0, 5.0)
    trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    trial.suggest_float("drop", 0.1, 0.95, step=0.25)
    k = trial.suggest_int("k", 1, 100, log=True)
    opt = trial.suggest_categorical("opt", OPTS)
    if opt == "sgd":
        trial.suggest_float("momentum", 0.8, 0.99)
    return (x - 1) ** 2 + k / 100


def load(sampler=None):
    return optuna.load_study(study_name="net", storage=URL, sampler=sampler)


def versions():
    with sqlite3.connect(PATH) as db:
        return db.execute("SELECT * FROM version_info").fetchall() + db.execute(
            "SELECT * FROM alembic_version").fetchall()


def dialin(*words):
    done = subprocess.run([DIALIN, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, cwd=FOLDER)
    if done.returncode != 0:
        sys.exit(f"dialin {' '.join(words)}: {done.stdout}")
    return done.stdout


def confirm(trials):
    """What a person does with the study file that the trials imply."""
    dialin("export", PATH, "-o", YAML)
    with open(YAML, encoding="utf-8") as file:
        text = file.read()
    for line in ["study: net", "objective: {minimize: value}", "x: {float: [-5.0, 5.0]}",
                 "lr: {float: [1e-05, 0.1], log: true}", "drop: {float: [0.1, 0.85], step: 0.25}",
                 "k: {int: [1, 100], log: true}", "opt: {choice: [sgd, adam, null, true, 0.5]}",
                 "momentum: {float: [0.8, 0.99], when: \"opt == 'sgd'\"}"]:
        if line not in text:
            sys.exit(f"the study file lacks '{line}':\n{text}")
    text = text.replace("# run: python train.py {args}", "run: sh train.sh {x} {k} {args}")
    text = text.replace("minimize: value", "minimize: loss")
    text = text[:text.index("budget:")] + f"budget: {{trials: {trials}}}\nstrategy: tpe\nseed: 3\n"
    with open(YAML, "w", encoding="utf-8") as file:
        file.write(text)
    with open(os.path.join(FOLDER, "train.sh"), "w", encoding="utf-8") as file:
        file.write(SCRIPT)


def assert_trials(n, ours):
    trials = load().trials
    check([t.number for t in trials], list(range(n)), "numbers")
    check([t.number for t in trials if "dialin:owner" in t.system_attrs], ours, "trials of dialin")
    first = {}
    for t in trials:
        check(t.state, TrialState.COMPLETE, f"state of {t.number}")
        x = t.params
        if abs(t.value - ((x["x"] - 1) ** 2 + x["k"] / 100)) > 1e-9:
            sys.exit(f"value of {t.number}: {t.value}")
        check("momentum" in x, x["opt"] == "sgd", f"condition of {t.number}")
        for name, distribution in t.distributions.items():
            check(distribution, first.setdefault(name, distribution), f"{name} of {t.number}")
    return trials


def main():
    study = optuna.create_study(study_name="net", storage=URL, direction="minimize",
                                sampler=optuna.samplers.TPESampler(seed=1))
    study.optimize(objective, n_trials=14)
    before = versions()
    confirm(20)
    dialin("run", YAML, "--db", PATH, "--headless")
    trials = assert_trials(20, list(range(14, 20)))
    # with fourteen trials as evidence there is no start-up phase: tpe gives its reasons
    why = {t.system_attrs.get("dialin:strategy") for t in trials[14:]}
    check(why, {"tpe"}, "strategies")
    check(versions(), before, "version rows")

    load(optuna.samplers.TPESampler(seed=2, multivariate=True)).optimize(objective, n_trials=4)
    load(optuna.samplers.CmaEsSampler(seed=2, warn_independent_sampling=False)).optimize(
        objective, n_trials=3)
    assert_trials(27, list(range(14, 20)))

    dialin("set", PATH, "budget", "trials=32")
    dialin("run", PATH, "--headless")
    assert_trials(32, list(range(14, 20)) + list(range(27, 32)))
    best = json.loads(dialin("best", PATH, "--json"))["trials"][0]
    check(best["number"], load().best_trial.number, "best")
    check(versions(), before, "version rows")
    with sqlite3.connect(PATH) as db:
        check(db.execute("PRAGMA integrity_check").fetchone(), ("ok",), "integrity")
    print("continued with Optuna", optuna.__version__, len(load().trials), "trials")


if __name__ == "__main__":
    main()
