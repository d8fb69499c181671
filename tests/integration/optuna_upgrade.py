"""A file of Optuna 3.1 with tables of ours is upgraded, by either side; the optuna program lists it.

usage: optuna_upgrade.py DIALIN SAMPLE FOLDER      (SAMPLE: tests/data/optuna/basic-310.db)
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
DIALIN, SAMPLE, FOLDER = sys.argv[1:]


def check(actual, expected, what):
    if actual != expected:
        sys.exit(f"{what}: {actual!r} is not {expected!r}")


def run(program, *words):
    done = subprocess.run([program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, cwd=FOLDER)
    if done.returncode != 0:
        sys.exit(f"{program} {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def objects(path):
    with sqlite3.connect(path) as db:
        return {row[1]: db.execute(f"SELECT count(*) FROM {row[1]}").fetchone()[0]
                for row in db.execute("SELECT type, name FROM sqlite_master").fetchall()
                if row[0] == "table" and row[1].startswith("dialin_")}


def adopted(name):
    """A copy of the sample that dialin has begun to drive."""
    path, file = os.path.join(FOLDER, name + ".db"), os.path.join(FOLDER, name + ".yaml")
    shutil.copy(SAMPLE, path)
    run(DIALIN, "export", path, "-o", file)
    with open(file, encoding="utf-8") as f:
        text = f.read()
    text = text.replace("# run: python train.py {args}", "run: echo {args}")
    with open(file, "w", encoding="utf-8") as f:
        f.write(text[:text.index("budget:")] + "budget: {trials: 1}\n")
    run(DIALIN, "run", file, "--db", path, "--headless")
    return path


def opens(path):
    try:
        return optuna.load_study(study_name=None, storage="sqlite:///" + path)
    except RuntimeError:
        return None


def lists(path, program):
    study = opens(path)
    theirs = json.loads(run(program, "trials", "--storage", "sqlite:///" + path, "--study-name",
                            study.study_name, "-f", "json"))
    ours = json.loads(run(DIALIN, "trials", path, "--json"))["trials"]
    check([(t["number"], t["state"]) for t in theirs],
          [(t["number"], t["state"]) for t in ours], "the optuna program")
    for a, b in zip(theirs, ours):
        check(a["params"], b["params"], f"parameters of {a['number']}")


def main():
    program = os.path.join(os.path.dirname(sys.executable), "optuna")
    path = adopted("theirs")
    before = objects(path)
    check(len(before) > 0, True, "tables of ours")
    check(opens(path), None, "a file of 3.1 in this release")
    run(program, "storage", "upgrade", "--storage", "sqlite:///" + path)
    check(objects(path), before, "tables of ours")
    lists(path, program)
    path = adopted("ours")
    run(DIALIN, "upgrade", path)
    check(objects(path), before, "tables of ours")
    lists(path, program)
    with sqlite3.connect(path) as db:
        check(db.execute("SELECT count(*) FROM sqlite_master WHERE type IN ('view', 'trigger')")
              .fetchone(), (0,), "views and triggers")
    print("upgraded by Optuna", optuna.__version__, "and by dialin")


main()
