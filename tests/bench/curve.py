"""What ASHA saves on samples/curve: the same random points with and without it.

    sh tests/bench/measure.sh curve build [SEEDS] [TRIALS]

Prints, for each seed, epochs and best loss of both. Noise: how much the best point's loss moves when
it is trained on other seeds.
"""
import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile

dialin, sample = sys.argv[1], sys.argv[2]
n_seeds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
n_trials = int(sys.argv[4]) if len(sys.argv) > 4 else 100
study = open(os.path.join(sample, "study.yaml"), encoding="utf-8").read()


def run(seed, pruner):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(os.path.join(sample, "train.py"), folder)
        text = re.sub(r"(?m)^seed: .*", "seed: %d" % seed, study)
        text = re.sub(r"trials: \d+", "trials: %d" % n_trials, text)
        if not pruner:
            text = re.sub(r"(?m)^pruner: .*\n", "", text).replace("{budget}", "27")
        with open(os.path.join(folder, "study.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run([dialin, "run", "study.yaml", "--headless"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        best = json.loads(subprocess.run([dialin, "best", "study.yaml", "--json"], cwd=folder,
                                         check=True, capture_output=True).stdout)
        db = sqlite3.connect(os.path.join(folder, "curve.db"))
        steps = db.execute("select count(*) from trial_intermediate_values").fetchone()[0]
        db.close()
        return steps, best


def noise(params):
    losses = []
    for seed in range(2, 10):
        line = ["python3", os.path.join(sample, "train.py"), "--seed", str(seed)]
        line += ["--%s=%s" % item for item in params.items()]
        out = subprocess.run(line, check=True, capture_output=True, text=True).stdout
        losses.append(min(float(word) for word in re.findall(r"val_loss (\S+)", out)))
    return statistics.stdev(losses)


print("%6s %14s %14s %8s %10s %10s %8s" %
      ("seed", "epochs, all", "with asha", "share", "best, all", "with asha", "noise"))
shares, losses = [], []
for seed in range(1, n_seeds + 1):
    all_steps, all_best = run(seed, False)
    steps, best = run(seed, True)
    values = [b["trials"][0]["values"]["val_loss"] for b in (all_best, best)]
    shares.append(steps / all_steps)
    losses.append(values[1] - values[0])
    print("%6d %14d %14d %7.0f%% %10.4f %10.4f %8.4f" %
          (seed, all_steps, steps, 100 * shares[-1], *values, noise(all_best["trials"][0]["params"])), flush=True)
print("mean share of the epochs %.0f%%, mean loss behind the best of all %.4f" %
      (100 * statistics.mean(shares), statistics.mean(losses)))
