"""A study's space is edited by dialin; after each edit Optuna loads it, asks, tells.

usage: optuna_edited.py DIALIN FOLDER
"""

import json
import os
import sqlite3
import subprocess
import sys
import warnings

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore")

DIALIN, FOLDER = sys.argv[1:]
PATH = os.path.join(FOLDER, "net.db")
YAML = os.path.join(FOLDER, "net.yaml")
SPACE = {  # as Optuna has to name it after all edits so far
    "x": lambda t: t.suggest_float("x", -5.0, 5.0),
    "lr": lambda t: t.suggest_float("lr", 1e-5, 1e-1, log=True),
    "k": lambda t: t.suggest_int("k", 1, 100),
    "opt": lambda t: t.suggest_categorical("opt", ["sgd", "adam", None]),
}


def check(actual, expected, what):
    if actual != expected:
        sys.exit(f"{what}: {actual!r} is not {expected!r}")


def dialin(*words, status=0):
    done = subprocess.run([DIALIN, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, cwd=FOLDER)
    if (done.returncode == 0) != (status == 0):
        sys.exit(f"dialin {' '.join(words)}: {done.stdout}")
    return done.stdout


def load(sampler):
    return optuna.load_study(study_name="net", storage="sqlite:///" + PATH, sampler=sampler)


def go_on():
    """Optuna asks and tells with three samplers, then dialin runs two more."""
    samplers = [optuna.samplers.TPESampler(seed=1, n_startup_trials=2),
                optuna.samplers.TPESampler(seed=1, n_startup_trials=2, multivariate=True),
                optuna.samplers.CmaEsSampler(seed=1, n_startup_trials=2)]
    for sampler in samplers:
        study = load(sampler)
        n = len(study.trials)
        trial = study.ask()
        for suggest in SPACE.values():
            suggest(trial)
        study.tell(trial, trial.params.get("x", 0.0) ** 2)
        check(len(load(sampler).trials), n + 1, "trials after ask and tell")
        _ = study.best_trial, study.trials
    dialin("set", "net.db", "budget", "trials=+5")
    dialin("run", "net.yaml", "--headless")
    for trial in load(None).trials:
        for name, distribution in trial.distributions.items():
            if isinstance(distribution, optuna.distributions.CategoricalDistribution):
                check(trial.params[name] in distribution.choices, True, f"choice of {name}")
    with sqlite3.connect(PATH) as db:
        check(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)], "integrity")


def main():
    with open(os.path.join(FOLDER, "prog.sh"), "w") as out:
        out.write("echo loss: 0.5$(($$ % 1000))\n")
    with open(YAML, "w") as out:
        out.write("""study: net
run: [sh, prog.sh, "{args}"]
objective: {minimize: loss}
space:
  x: {float: [-5, 5]}
  lr: {float: [1e-5, 1e-1], log: true}
  k: {int: [1, 100]}
  opt: {choice: [sgd, adam, null]}
strategy: random
seed: 5
budget: {trials: 6}
""")
    dialin("run", "net.yaml", "--headless")
    go_on()
    dialin("narrow", "net.db", "x=-1..1", "lr=1e-4..1e-2")
    SPACE["x"] = lambda t: t.suggest_float("x", -1.0, 1.0)
    SPACE["lr"] = lambda t: t.suggest_float("lr", 1e-4, 1e-2, log=True)
    go_on()
    dialin("set", "net.db", "space", "opt={choice: [sgd, lion, 3]}", "k=none",
           "drop={float: [0, 0.5], step: 0.1, was: 0}")
    whole = ["sgd", "adam", None, "lion", 3]  # appended; what was removed keeps its place
    SPACE["opt"] = lambda t: t.suggest_categorical("opt", whole)
    del SPACE["k"]
    SPACE["drop"] = lambda t: t.suggest_float("drop", 0.0, 0.5, step=0.1)
    go_on()
    with sqlite3.connect(PATH) as db:
        kept = {json.dumps(json.loads(text)["attributes"]["choices"]) for (text,) in
                db.execute("SELECT distribution_json FROM trial_params WHERE param_name = 'opt'")}
    check(kept, {json.dumps(whole)}, "stored choices")
    dialin("freeze", "net.db", "drop=0.2")
    SPACE["drop"] = lambda t: t.suggest_float("drop", 0.2, 0.2)
    go_on()
    # a worker of Optuna in the middle of a trial: the list must not grow under it
    study = load(optuna.samplers.RandomSampler(seed=1))
    trial = study.ask()
    answer = dialin("set", "net.db", "space", "opt={choice: [sgd, ftrl]}", status=1)
    check("run by another program" in answer, True, answer)
    dialin("widen", "net.db", "x")
    study.tell(trial, 1.0)
    for _ in range(3):
        dialin("undo", "net.db")
    SPACE["x"] = lambda t: t.suggest_float("x", -1.0, 1.0)
    SPACE["k"] = lambda t: t.suggest_int("k", 1, 100)
    del SPACE["drop"]
    go_on()


main()
