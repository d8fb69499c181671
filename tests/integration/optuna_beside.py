"""Workers of Optuna and conversations with `dialin serve` share one study at the same time.

usage: optuna_beside.py DIALIN FOLDER
"""

import json
import multiprocessing
import os
import subprocess
import sys
import threading

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
DIALIN, FOLDER = sys.argv[1:]
EACH = 25
STUDY = """study: shared
objective: {minimize: y}
space:
  x: {float: [0, 1]}
  kind: {choice: [a, b]}
strategy: tpe
seed: 4
budget: {trials: 1000}
"""


def value(x):
    return (x - 0.3) ** 2


def converse(out):
    serve = subprocess.Popen([DIALIN, "serve", "shared.yaml"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True, bufsize=1)

    def call(**request):
        serve.stdin.write(json.dumps(request) + "\n")
        serve.stdin.flush()
        return json.loads(serve.stdout.readline())

    for _ in range(EACH):
        asked = call(op="ask")
        told = call(op="tell", trial=asked["trial"], value=value(asked["params"]["x"]))
        if told == {"ok": True}:
            out[asked["trial"]] = asked["params"]
    serve.stdin.close()
    if serve.wait() != 0:
        out.clear()


def objective(trial):
    trial.suggest_categorical("kind", ["a", "b"])
    return value(trial.suggest_float("x", 0, 1))


def work():
    study = optuna.load_study(study_name="shared", storage="sqlite:///shared.db")
    study.optimize(objective, n_trials=EACH)


def main():
    os.chdir(FOLDER)
    with open("shared.yaml", "w") as file:
        file.write(STUDY)
    subprocess.run([DIALIN, "ask", "shared.yaml"], check=True, stdout=subprocess.DEVNULL)
    outs = [{}, {}]
    workers = [multiprocessing.Process(target=work)]
    workers += [threading.Thread(target=converse, args=(out,)) for out in outs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    trials = optuna.load_study(study_name="shared", storage="sqlite:///shared.db").trials
    wrong = []
    if [t.number for t in trials] != list(range(3 * EACH + 1)):
        wrong.append(f"numbers {[t.number for t in trials]}")
    if [t.state.name for t in trials] != ["RUNNING"] + ["COMPLETE"] * 3 * EACH:
        wrong.append(f"states {[t.state.name for t in trials]}")
    for out in outs:
        if len(out) != EACH:
            wrong.append(f"{len(out)} trials of a conversation, not {EACH}")
        for number, params in out.items():
            if trials[number].params != params or trials[number].value != value(params["x"]):
                wrong.append(f"trial {number}: {trials[number].params} is not {params}")
    if wrong:
        sys.exit("\n".join(wrong))
    print("Optuna and two conversations shared a study")


if __name__ == "__main__":
    main()
