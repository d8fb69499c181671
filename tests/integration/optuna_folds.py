"""Optuna sees the folds of a trial as its intermediate values, and races against them.

usage: optuna_folds.py DIALIN FOLDER
"""

import importlib.util
import os
import statistics
import subprocess
import sys

import optuna
from optuna.trial import TrialState

optuna.logging.set_verbosity(optuna.logging.ERROR)
DIALIN, FOLDER = sys.argv[1:]

STUDY = """study: raced
run: [sh, fold.sh, "{x}", "{fold}"]
folds: 8
objective: {minimize: loss}
space: {x: {float: [0, 1]}}
strategy: random
pruner: wilcoxon
budget: {trials: 12}
seed: 5
"""
SCRIPT = """awk -v x="$1" -v f="$2" 'BEGIN { print "loss: " x + f % 3 / 10 }'
"""


def check(actual, expected, what):
    if actual != expected:
        sys.exit(f"{what}: {actual!r} is not {expected!r}")


def main():
    for name, text in (("raced.yaml", STUDY), ("fold.sh", SCRIPT)):
        with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as file:
            file.write(text)
    subprocess.run([DIALIN, "run", "raced.yaml", "--headless"], cwd=FOLDER, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    has_scipy = importlib.util.find_spec("scipy") is not None  # which Optuna's own test needs
    pruner = (optuna.pruners.WilcoxonPruner() if has_scipy
              else optuna.pruners.MedianPruner(n_startup_trials=1))
    study = optuna.load_study(study_name="raced", pruner=pruner,
                              storage="sqlite:///" + os.path.join(FOLDER, "raced.db"))
    states = [t.state for t in study.trials]
    check(len(states), 12, "trials")
    check(set(states), {TrialState.COMPLETE, TrialState.PRUNED}, "states")
    for trial in study.trials:
        folds = [trial.params["x"] + f % 3 / 10 for f in range(len(trial.intermediate_values))]
        check(list(trial.intermediate_values), list(range(len(folds))), "steps")
        for step, value in trial.intermediate_values.items():
            check(round(value - folds[step], 5), 0, f"fold {step} of {trial.number}")
        check(round(trial.value - statistics.mean(folds), 5), 0, f"value of {trial.number}")
        spread = trial.user_attrs["dialin_spread"]
        check((spread["n"], spread["take"]), (len(folds), "mean"), "spread")
        check(round(spread["sd"][0] - statistics.stdev(folds), 5), 0, "standard deviation")
        check(trial.system_attrs["dialin:run:1"]["fold"], 1, "a run's attribute")
        check(len(folds) == 8, trial.state == TrialState.COMPLETE, "folds of a complete trial")
    # a worker of Optuna is raced against our best trial, fold by fold
    trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
    pruned_at = None
    for fold in range(8):
        trial.report(2 + fold % 3 / 10, fold)
        if pruned_at is None and trial.should_prune():
            pruned_at = fold
    check(pruned_at, 3 if has_scipy else 0, "the fold at which Optuna prunes")
    study.tell(trial, state=TrialState.PRUNED)
    print("folds: 12 trials,", states.count(TrialState.PRUNED), "of them raced out")


main()
