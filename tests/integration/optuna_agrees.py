"""Optuna reads, continues and works beside a file that dialin wrote.

usage: optuna_agrees.py PROGRAM FOLDER      (PROGRAM: test_integration_optuna_file)
"""

import json
import math
import multiprocessing
import os
import sqlite3
import struct
import subprocess
import sys
import warnings

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore")

PROGRAM, FOLDER = sys.argv[1:]
PATH = os.path.join(FOLDER, "optuna.db")
URL = "sqlite:///" + PATH

KINDS = {
    "x": FloatDistribution(-5.0, 5.0),
    "lr": FloatDistribution(1e-5, 1e-1, log=True),
    "dropout": FloatDistribution(0.1, 0.85, step=0.25),
    "width": IntDistribution(1, 9, step=4),
    "depth": IntDistribution(1, 1024, log=True),
    "opt": CategoricalDistribution([None, True, 2, 0.5, "", "ä🚀", "sgd"]),
    "momentum": FloatDistribution(0.8, 0.99),
    "amp": CategoricalDistribution([False, True]),
}


def check(actual, expected, what):
    if actual != expected:
        sys.exit(f"{what}: {actual!r} is not {expected!r}")


def bits(value):
    return struct.pack("<d", value) if isinstance(value, float) else value


def point(i):
    """The i-th point of the C program, in external values."""
    opt = KINDS["opt"].choices[i % 7]
    x = {
        "x": -5 + 10 * (i % 17) / 16,
        "lr": 1e-5 * (1 + i),
        "dropout": [0.1, 0.35, 0.6, 0.85][i % 4],
        "width": 1 + 4 * (i % 3),
        "depth": 1 << (i % 11),
        "opt": opt,
        "momentum": 0.9,
        "amp": bool(i % 2),
    }
    if opt != "sgd":
        del x["momentum"]
    return x


def objective(trial):
    x = trial.suggest_float("x", -5.0, 5.0)
    trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    trial.suggest_float("dropout", 0.1, 0.85, step=0.25)
    trial.suggest_int("width", 1, 9, step=4)
    trial.suggest_int("depth", 1, 1024, log=True)
    opt = trial.suggest_categorical("opt", KINDS["opt"].choices)
    if opt == "sgd":
        trial.suggest_float("momentum", 0.8, 0.99)
    trial.suggest_categorical("amp", [False, True])
    trial.report(x * x, 0)
    return x * x


def versions():
    with sqlite3.connect(PATH) as db:
        return db.execute("SELECT * FROM version_info").fetchall() + db.execute(
            "SELECT * FROM alembic_version").fetchall()


def load(name="kinds", sampler=None):
    return optuna.load_study(study_name=name, storage=URL, sampler=sampler)


def same_schema():
    """Tables, columns, indexes and keys equal those of a file that Optuna makes."""
    other = os.path.join(FOLDER, "python.db")
    optuna.create_study(storage="sqlite:///" + other)

    def describe(path):
        out = {}
        with sqlite3.connect(path) as db:
            tables = [t for (t,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'dialin_%'")]
            for table in tables:
                columns = [(c[1], c[2], c[3], c[5]) for c in db.execute(f"PRAGMA table_info({table})")]
                indexes = sorted(
                    (i[2], i[3], [c[2] for c in db.execute(f"PRAGMA index_info({i[1]})")])
                    for i in db.execute(f"PRAGMA index_list({table})"))
                out[table] = (columns, indexes)
        return out

    ours, theirs = describe(PATH), describe(other)
    check(sorted(ours), sorted(theirs), "tables")
    for table in theirs:
        check(ours[table], theirs[table], table)


def reads_kinds():
    study = load()
    trials = study.trials
    check([t.number for t in trials], list(range(30)), "numbers")
    states = "WAITING COMPLETE COMPLETE PRUNED PRUNED FAIL RUNNING".split() + ["COMPLETE"] * 23
    check([t.state.name for t in trials], states, "states")
    check(trials[0].params, {}, "parameters of a waiting trial")
    check(trials[0].system_attrs["fixed_params"], {"x": 0.75, "opt": "ä🚀", "amp": True}, "fixed")
    for i in range(1, 30):
        expected = point(i)
        check({k: bits(v) for k, v in trials[i].params.items()},
              {k: bits(v) for k, v in expected.items()}, f"parameters of trial {i}")
        check({k: type(v) for k, v in trials[i].params.items()},
              {k: type(v) for k, v in expected.items()}, f"types of trial {i}")
        check(trials[i].distributions, {k: KINDS[k] for k in expected}, f"distributions of trial {i}")
    check(trials[1].values, [0.5], "values")
    check(trials[2].values, [math.inf], "values")
    check(trials[3].values, [0.7], "value of a pruned trial")
    check(trials[3].intermediate_values, {0: 0.5, 3: math.inf, 5: -math.inf, 9: 0.7}, "reports")
    check(trials[3].user_attrs["dialin_pruned"],
          {"pruner": "asha", "step": 9, "value": 0.7, "threshold": 0.5}, "what the pruner compared")
    check(trials[4].values, None, "value after NaN")
    check(math.isnan(trials[4].intermediate_values[1]), True, "NaN")
    check(trials[5].values, None, "value of a failed trial")
    check(trials[5].user_attrs,
          {"dialin_reason": "exit", "dialin_detail": "exit 3", "loss": 0.125, "train_acc": math.inf},
          "user attributes")
    system = trials[1].system_attrs
    check(system["dialin:strategy"], "tpe", "strategy")
    check(system["dialin:why"], 'density ratio 3.1 "quoted"', "why")
    check(system["dialin:memo"], {"generation": 2}, "memo")
    check(system["dialin:predicted"], [0.5, 0.125], "prediction")
    check(study.best_trial.number, 7, "best")
    check(study.best_value, 0.25 + 7 / 1024, "best value")
    check(study.metric_names, ["loss"], "metric names")
    for t in trials:
        if t.state.is_finished():
            check(0 <= t.duration.total_seconds() < 600, True, "duration")


def reads_front():
    study = load("front")
    check([d.name for d in study.directions], ["MINIMIZE", "MAXIMIZE"], "directions")
    check(study.metric_names, ["p99", "recall"], "metric names")
    check(study.trials[6].system_attrs["constraints"], [0.5, -2.0], "constraints")
    check(sorted(t.number for t in study.best_trials), [0, 2, 4], "front")


def continues():
    study = load(sampler=optuna.samplers.TPESampler(seed=1, multivariate=True))
    study.optimize(objective, n_trials=5)
    trials = study.trials
    check([t.number for t in trials], list(range(34)), "numbers")
    check(trials[0].state, TrialState.COMPLETE, "the waiting trial")
    check({k: trials[0].params[k] for k in ("x", "opt", "amp")},
          {"x": 0.75, "opt": "ä🚀", "amp": True}, "its fixed values")
    check(trials[6].state, TrialState.RUNNING, "our running trial")
    space = optuna.search_space.IntersectionSearchSpace().calculate(study)
    check(space, {k: v for k, v in KINDS.items() if k != "momentum"}, "joint search space")


def run(*args):
    return subprocess.run([PROGRAM, *args], check=True, stdout=subprocess.PIPE, text=True).stdout


def is_read_back(name):
    """Our reader sees what Optuna sees."""
    study = load(name)
    lines = [json.loads(line) for line in run("dump", PATH, name).splitlines()]
    seen = {line["number"]: line for line in lines}
    check(len(lines), len(seen), "every trial once")
    check(sorted(seen), [t.number for t in study.trials], "numbers")
    for t in study.trials:
        line = seen[t.number]
        check(line["state"], t.state.name, f"state of {t.number}")
        values = [float(v) for v in line["values"]]
        if t.values is None:
            check(all(math.isnan(v) for v in values), True, f"values of {t.number}")
        else:
            check([bits(v) for v in values], [bits(v) for v in t.values], f"values of {t.number}")
        check({k: (type(v), bits(v)) for k, v in line["params"].items()},
              {k: (type(v), bits(v)) for k, v in t.params.items()}, f"parameters of {t.number}")
        check({s: bits(float(v)) for s, v in line["steps"]},
              {s: bits(v) for s, v in sorted(t.intermediate_values.items())}, f"reports of {t.number}")
        check(line["ours"], "dialin:owner" in t.system_attrs, f"owner of {t.number}")


def worker(n, queue):
    try:
        load(sampler=optuna.samplers.RandomSampler()).optimize(objective, n_trials=n)
        queue.put(None)
    except BaseException as problem:  # told to the parent, which fails
        queue.put(repr(problem))


def works_beside_us():
    before = len(load().trials)
    queue = multiprocessing.Queue()
    ours = subprocess.Popen([PROGRAM, "hammer", PATH, "60"])
    workers = [multiprocessing.Process(target=worker, args=(12, queue)) for _ in range(2)]
    for process in workers:
        process.start()
    for process in workers:
        check(queue.get(timeout=300), None, "a Python worker")
        process.join()
    check(ours.wait(timeout=300), 0, "our process")
    trials = load().trials
    check([t.number for t in trials], list(range(before + 60 + 24)), "numbers")
    with sqlite3.connect(PATH) as db:
        check(db.execute("PRAGMA integrity_check").fetchone(), ("ok",), "integrity")


def waiting_trials_run_once():
    study = load(sampler=optuna.samplers.RandomSampler())
    for i in range(24):
        study.enqueue_trial({"x": i / 8})
    queued = [t.number for t in study.get_trials(states=(TrialState.WAITING,))]
    ours = subprocess.Popen([PROGRAM, "claim", PATH], stdout=subprocess.PIPE, text=True)
    python = []

    def recorded(trial):
        python.append(trial.number)
        return objective(trial)

    while study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        study.optimize(recorded, n_trials=1)
    out, _ = ours.communicate(timeout=300)
    check(ours.returncode, 0, "our process")
    taken = [int(line) for line in out.split()]
    both = [n for n in python if n in queued] + taken
    check(sorted(both), queued, "each waiting trial once")


def main():
    run("write", PATH)
    before = versions()
    same_schema()
    reads_kinds()
    reads_front()
    is_read_back("kinds")
    is_read_back("front")
    continues()
    check(versions(), before, "version rows")
    is_read_back("kinds")
    works_beside_us()
    waiting_trials_run_once()
    is_read_back("kinds")
    print("Optuna", optuna.__version__, "agrees")


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    main()
