"""Many programs on one file at once: three workers of Optuna, dialin's engine with two slots, two
viewers of dialin, a queue that both sides take from, and optuna-dashboard where it is installed.

usage: optuna_crowd.py DIALIN FOLDER SECONDS
"""

import json
import multiprocessing
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
import warnings

import optuna
from optuna.trial import TrialState

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore")

DIALIN, FOLDER = sys.argv[1:3]
SECONDS = float(sys.argv[3])
PATH = os.path.join(FOLDER, "crowd.db")
URL = "sqlite:///" + PATH
STUDY = """study: crowd
run: sh train.sh {x} {k} {trial}
objective: {minimize: loss}
space:
  x: {float: [-5.0, 5.0]}
  k: {int: [1, 100]}
strategy: random
budget: {trials: 1000000}
machine: {parallel: 2}
"""
SCRIPT = """echo "$3" >>ours.txt
sleep 0.3 # the objective's own time
awk -v x="$1" -v k="$2" 'BEGIN { printf "loss %.12g\\n", (x - 1) ^ 2 + k / 100 }'
"""


def check(actual, expected, what):
    if actual != expected:
        sys.exit(f"{what}: {actual!r} is not {expected!r}")


def load():
    return optuna.load_study(study_name="crowd", storage=URL,
                             sampler=optuna.samplers.TPESampler())


def worker(until, queue):
    taken = []

    def objective(trial):
        taken.append(trial.number)
        x = trial.suggest_float("x", -5.0, 5.0)
        k = trial.suggest_int("k", 1, 100)
        trial.report(x * x, 0)
        time.sleep(0.1)  # the objective's own time
        return (x - 1) ** 2 + k / 100

    lost = []  # trials that were finished by somebody else meanwhile
    study = load()
    while time.time() < until:
        try:
            study.optimize(objective, n_trials=1)
        except (ValueError, optuna.exceptions.UpdateFinishedTrialError):
            lost.append(taken[-1])
        except BaseException as problem:  # told to the parent, which fails
            queue.put(repr(problem))
            return
    queue.put((taken, lost))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_dashboard():
    program = os.path.join(os.path.dirname(sys.executable), "optuna-dashboard")
    if not os.path.exists(program):
        return None, None
    port = free_port()
    log = open(os.path.join(FOLDER, "dashboard.txt"), "w", encoding="utf-8")
    process = subprocess.Popen([program, URL, "--host", "127.0.0.1", "--port", str(port)],
                               stdout=log, stderr=log)
    return process, f"http://127.0.0.1:{port}/api/studies"


def poll(url):
    """The number of trials that the dashboard shows, None while it starts."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            summaries = json.load(answer)["study_summaries"]
        with urllib.request.urlopen(f"{url}/{summaries[0]['study_id']}?after=0", timeout=30) as answer:
            return len(json.load(answer)["trials"])
    except OSError:
        return None


def main():
    for name, text in (("study.yaml", STUDY), ("train.sh", SCRIPT)):
        with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as file:
            file.write(text)
    study = optuna.create_study(study_name="crowd", storage=URL)
    until = time.time() + SECONDS
    queue = multiprocessing.Queue()
    workers = [multiprocessing.Process(target=worker, args=(until, queue)) for _ in range(3)]
    for process in workers:
        process.start()
    out = open(os.path.join(FOLDER, "engine.txt"), "w", encoding="utf-8")
    engine = subprocess.Popen([DIALIN, "run", "study.yaml", "--db", PATH, "--headless"],
                              cwd=FOLDER, stdout=out, stderr=out)
    viewers = [subprocess.Popen([DIALIN, "watch", PATH], stdout=subprocess.DEVNULL) for _ in range(2)]
    dashboard, url = start_dashboard()
    polls, queued = 0, 0
    while time.time() < until:
        study.enqueue_trial({"x": queued % 10 / 2, "k": 1 + queued % 100})
        queued += 1
        if url and poll(url) is not None:
            polls += 1
        if engine.poll() is not None:
            sys.exit("the engine ended: " + open(out.name, encoding="utf-8").read()[-2000:])
        time.sleep(0.25)  # a person's pace
    results = [queue.get(timeout=120) for _ in workers]
    for process in workers:
        process.join()
    engine.send_signal(signal.SIGTERM)
    code = engine.wait(timeout=120)
    for viewer in viewers:
        viewer.terminate()
        viewer.wait()
    if dashboard:
        dashboard.terminate()
        dashboard.wait()
    for result in results:
        if isinstance(result, str):
            sys.exit("a worker of Optuna: " + result)

    trials = load().trials
    check([t.number for t in trials], list(range(len(trials))), "numbers")
    python = [number for taken, _ in results for number in taken]
    lost = [number for _, gone in results for number in gone]
    with open(os.path.join(FOLDER, "ours.txt"), encoding="utf-8") as file:
        ours = [int(line) for line in file]
    twice = len(python) - len(set(python))  # two workers of Optuna may take one: its own race
    both = set(python) & set(ours)  # begun by both in the same moment: one of them gave it up
    with sqlite3.connect(PATH) as db:
        ended = {n for (n,) in db.execute(
            "SELECT t.number FROM trials t JOIN dialin_runs r ON r.trial_id = t.trial_id"
            " WHERE r.ended_us > 0")}
    check(sorted(set(lost) & ended), [], "trials that we took from a worker")
    done = {t.number for t in trials if t.state == TrialState.COMPLETE}
    check(sorted(done - set(python) - set(ours)), [], "complete trials that nobody ran")
    errors = [t.number for t in trials if t.state == TrialState.FAIL]
    check(errors, [], "failed trials")
    with sqlite3.connect(PATH) as db:
        check(db.execute("PRAGMA integrity_check").fetchone(), ("ok",), "integrity")
    text = open(out.name, encoding="utf-8").read()
    check("locked" in text, False, "lock errors of the engine")
    if dashboard:
        text = open(os.path.join(FOLDER, "dashboard.txt"), encoding="utf-8").read()
        check("Traceback" in text, False, "errors of the dashboard")
    print(f"Optuna {optuna.__version__}, {SECONDS:.0f} s: {len(trials)} trials, {len(python)} by Optuna"
          f" ({twice} twice), {len(ours)} by dialin, {len(both)} by both, {queued} queued, {polls} polls of the dashboard,"
          f" engine status {code}")


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    main()
