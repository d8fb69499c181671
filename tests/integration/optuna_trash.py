"""Trials that dialin deleted and restored, as Optuna sees them, works on and copies them.

usage: optuna_trash.py DIALIN FOLDER
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
PATH = os.path.join(FOLDER, "trash.db")
URL = "sqlite:///" + PATH


def check(actual, expected, what):
    if actual != expected:
        sys.exit(f"{what}: {actual!r} is not {expected!r}")


def dialin(*words):
    done = subprocess.run([DIALIN, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, cwd=FOLDER)
    if done.returncode != 0:
        sys.exit(f"dialin {' '.join(words)}: {done.stdout}")
    return done.stdout


def adopt():
    """A study file, so that dialin may change the study; its budget is spent already."""
    path = os.path.join(FOLDER, "net.yaml")
    dialin("export", PATH, "--study", "net", "-o", path)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = text.replace("# run: python train.py {args}", "run: sh train.sh {args}")
    text = text[:text.index("budget:")] + "budget: {trials: 12}\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    dialin("run", path, "--db", PATH, "--headless")


def objective(trial):
    x = trial.suggest_float("x", -5.0, 5.0)
    trial.suggest_categorical("opt", ["sgd", "adam", None])
    trial.report(x * x, 0)
    return x * x


def load(sampler=None):
    return optuna.load_study(study_name="net", storage=URL, sampler=sampler)


def numbers(study):
    return [t.number for t in study.get_trials(deepcopy=False)]


def shown():
    return [t["number"] for t in json.loads(dialin("trials", PATH, "--study", "net", "--json"))["trials"]]


def is_empty(trial):
    return (trial.state, trial.params, trial.values, trial.intermediate_values) == (
        TrialState.FAIL, {}, None, {})


def main():
    study = optuna.create_study(study_name="net", storage=URL,
                                sampler=optuna.samplers.RandomSampler(seed=1))
    optuna.create_study(study_name="other", storage=URL).optimize(objective, n_trials=3)
    study.optimize(objective, n_trials=12)
    adopt()
    whole = study.trials
    best = study.best_trial.number
    gone = sorted({best, 0, 3, 11})
    dialin("delete", PATH, *map(str, gone), "--count", str(len(gone)), "--study", "net")

    check(numbers(load()), list(range(12)), "numbers after deleting")
    check([t.number for t in load().trials if is_empty(t)], gone, "what stands in")
    check(shown(), [n for n in range(12) if n not in gone], "what dialin shows")
    left = min((t for t in whole if t.number not in gone), key=lambda t: t.value)
    check(load().best_trial.number, left.number, "best of Optuna")
    told = json.loads(dialin("best", PATH, "--study", "net", "--json"))["trials"][0]
    check((told["number"], told["values"]), (left.number, {"value": left.value}), "best of dialin")
    counts = {s.study_name: s.n_trials for s in optuna.get_all_study_summaries(storage=URL)}
    check(counts, {"net": 12, "other": 3}, "trials by study")

    study.optimize(objective, n_trials=2)  # a process that has known them for long
    for sampler in (optuna.samplers.TPESampler(seed=2, n_startup_trials=3, multivariate=True),
                    optuna.samplers.CmaEsSampler(seed=2, n_startup_trials=3,
                                                 warn_independent_sampling=False),
                    optuna.samplers.NSGAIISampler(seed=2, population_size=4)):
        load(sampler).optimize(objective, n_trials=2)
    check(numbers(load()), list(range(20)), "numbers after going on")
    check(len(set(shown())), 20 - len(gone), "what dialin shows after going on")

    copy = "sqlite:///" + os.path.join(FOLDER, "copy.db")
    optuna.copy_study(from_study_name="net", from_storage=URL, to_storage=copy)
    check(numbers(optuna.load_study(study_name="net", storage=copy)), list(range(20)), "a copy")

    dialin("restore", PATH, *map(str, gone), "--study", "net")
    for before, after in zip(whole, load().trials):
        check((after.number, after.state, after.params, after.values, after.intermediate_values),
              (before.number, before.state, before.params, before.values,
               before.intermediate_values), f"trial {before.number} restored")
    check(numbers(load()), list(range(20)), "numbers after restoring")
    check(load().best_trial.number, min(load().trials, key=lambda t: t.value).number, "best again")
    check(shown(), list(range(20)), "what dialin shows after restoring")

    dialin("undo", PATH, "--study", "net")
    check([t.number for t in load().trials if is_empty(t)], gone, "deleted again")
    check(len(numbers(load())), 20, "trials, deleted again")

    optuna.delete_study(study_name="net", storage=URL)
    fresh = optuna.create_study(study_name="net", storage=URL)
    fresh.optimize(objective, n_trials=2)
    check(shown(), [0, 1], "trials of the study that has the name now")
    check("no trial" in dialin("trash", PATH, "--study", "net"), True, "its trash")
    with sqlite3.connect(PATH) as db:
        check(db.execute("PRAGMA integrity_check").fetchone(), ("ok",), "integrity")
        check(db.execute("SELECT count(*) FROM sqlite_master WHERE type IN ('view', 'trigger')")
              .fetchone(), (0,), "views and triggers")
    print("Optuna", optuna.__version__, "is not disturbed by the trash")


main()
