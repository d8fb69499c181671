"""Large files as Optuna writes them, and what it costs to look at them, beside Optuna itself.

    large.py DIALIN BENCH_LOAD FOLDER [--trials 1000000] [--params 10] [--studies 1000] [--optuna-gb 12]
    large.py make FILE [--trials N] [--params N] [--studies N]

Optuna makes the tables and the first study; the rows are as Optuna writes them, and go in by SQL,
because Optuna would need hours for them. Optuna gets so many gigabytes and seconds; what it does not
do within them is said.
"""

import argparse
import math
import os
import random
import resource
import sqlite3
import subprocess
import sys
import time

STATES = ["COMPLETE"] * 17 + ["PRUNED"] * 2 + ["FAIL"]


def distributions(n):
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    kinds = [
        ("lr", FloatDistribution(1e-5, 1e-1, log=True)),
        ("dropout", FloatDistribution(0.0, 0.5, step=0.05)),
        ("layers", IntDistribution(1, 8)),
        ("optimizer", CategoricalDistribution(["sgd", "adam", "lion"])),
    ]
    kinds += [(f"x{i}", FloatDistribution(-5.0, 5.0)) for i in range(n)]
    return dict(kinds[:n])


def value_of(distribution, rng):
    if hasattr(distribution, "choices"):
        return float(rng.randrange(len(distribution.choices)))
    if isinstance(distribution.low, int):
        return float(rng.randint(distribution.low, distribution.high))
    if distribution.log:
        return math.exp(rng.uniform(math.log(distribution.low), math.log(distribution.high)))
    if distribution.step:
        return distribution.step * rng.randint(0, round(distribution.high / distribution.step))
    return rng.uniform(distribution.low, distribution.high)


def time_text(second):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(second)) + ".%06d" % (second % 997 * 1000)


def make(path, n_trials, n_params, n_studies):
    """n_trials in all, dealt out to the studies one after the other."""
    import optuna  # here alone: a child's peak of memory begins with what this process has
    from optuna.distributions import distribution_to_json

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for end in ("", "-wal", "-shm", "-journal"):
        if os.path.exists(path + end):
            os.remove(path + end)
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    space = distributions(n_params)
    texts = [(name, d, distribution_to_json(d)) for name, d in space.items()]
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -400000")
    names = [f"bench-{i:04d}" for i in range(n_studies)]
    optuna.create_study(storage=storage, study_name=names[0])
    head = db.execute("SELECT max(study_id) FROM studies").fetchone()[0]
    db.execute("BEGIN")
    for i, name in enumerate(names[1:]):
        db.execute("INSERT INTO studies (study_id, study_name) VALUES (?, ?)", (head + 1 + i, name))
        db.execute(
            "INSERT INTO study_directions (direction, study_id, objective) VALUES ('MINIMIZE', ?, 0)",
            (head + 1 + i,),
        )
    each = n_trials // n_studies
    start = 1790000000 - n_trials
    rng = random.Random(1)

    def study_of(i):
        return min(i // each, n_studies - 1)

    def trials():
        for i in range(n_trials):
            study = study_of(i)
            yield (
                i + 1, i - study * each, head + study, STATES[i % 20],
                time_text(start + i), time_text(start + i + 1 + i % 40),
            )  # fmt: skip

    def params():
        for i in range(n_trials):
            for name, distribution, text in texts:
                yield i + 1, name, value_of(distribution, rng), text

    def values():
        for i in range(n_trials):
            if STATES[i % 20] != "FAIL":
                yield i + 1, 1.0 + rng.expovariate(1) + 100.0 / (i % each + 10)

    db.executemany(
        "INSERT INTO trials (trial_id, number, study_id, state, datetime_start, datetime_complete)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        trials(),
    )
    db.executemany(
        "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)"
        " VALUES (?, ?, ?, ?)",
        params(),
    )
    db.executemany(
        "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, 0, ?, 'FINITE')",
        values(),
    )
    db.execute("COMMIT")
    db.close()


def run(words, stdout=subprocess.DEVNULL):
    """Seconds, peak memory in MB, status."""
    started = time.monotonic()
    process = subprocess.Popen(words, stdout=stdout, stderr=subprocess.PIPE)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        print("   ", said.decode(errors="replace").strip()[-300:])
    cpu = usage.ru_utime + usage.ru_stime
    return time.monotonic() - started, cpu, usage.ru_maxrss / 1024, process.returncode


def row(title, words, limit="", rounds=3):
    seen = sorted(run(words) for _ in range(rounds))
    wall, cpu, megabytes, _ = seen[len(seen) // 2]
    print(f"  {title:44} {wall * 1000:9.0f} ms {cpu * 1000:9.0f} ms cpu {megabytes:7.0f} MB  {limit}")
    sys.stdout.flush()


def optuna_row(title, gigabytes, seconds_max, code):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (gigabytes << 30, gigabytes << 30))

    script = "import optuna; optuna.logging.set_verbosity(40)\n" + code
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-c", script], preexec_fn=limit,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    try:
        out, err = process.communicate(timeout=seconds_max)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        print(f"  {title:44} not done after {seconds_max} s")
        sys.stdout.flush()
        return
    wall = time.monotonic() - started
    if process.returncode != 0:
        last = err.decode(errors="replace").strip().splitlines()[-1:] or ["killed"]
        print(f"  {title:44} failed after {wall:.0f} s within {gigabytes} GB: {last[0][:80]}")
    else:
        seconds, megabytes = out.split()[-2:]
        print(f"  {title:44} {float(seconds) * 1000:9.0f} ms {'':16} {float(megabytes):7.0f} MB")
    sys.stdout.flush()


MEASURED = """
import resource, time
storage = "sqlite:///%s"
started = time.monotonic()
%s
print(time.monotonic() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "make":
        parser = argparse.ArgumentParser()
        parser.add_argument("make")
        parser.add_argument("file")
    else:
        parser = argparse.ArgumentParser()
        parser.add_argument("dialin")
        parser.add_argument("bench_load")
        parser.add_argument("folder")
    parser.add_argument("--trials", type=int, default=1000000)
    parser.add_argument("--params", type=int, default=10)
    parser.add_argument("--studies", type=int)
    parser.add_argument("--optuna-gb", type=int, default=6)
    parser.add_argument("--optuna-s", type=int, default=120)
    args = parser.parse_args()
    if hasattr(args, "make"):
        make(args.file, args.trials, args.params, args.studies or 1)
        return
    large = f"{args.folder}/large-{args.trials}x{args.params}.db"
    many = f"{args.folder}/many-{args.studies or 1000}.db"
    studies = args.studies or 1000
    for path, size in ((large, (args.trials, args.params, 1)), (many, (20 * studies, 5, studies))):
        if not os.path.exists(path):
            words = [f"--{name}={n}" for name, n in zip(("trials", "params", "studies"), size)]
            subprocess.run([sys.executable, __file__, "make", path, *words], check=True)
    before = [(os.stat(path).st_mtime_ns, os.stat(path).st_size) for path in (large, many)]

    print(f"{args.trials} trials x {args.params} parameters by Optuna, {os.stat(large).st_size >> 20} MB")
    sys.stdout.flush()
    run(["cat", large])
    subprocess.run([args.bench_load, large], check=True)
    dialin = args.dialin
    row("dialin trials --limit 40", [dialin, "trials", large, "--limit", "40"], "(limit 150 ms)")
    row("dialin trials --reverse --limit 40", [dialin, "trials", large, "--reverse", "--limit", "40"], "(150 ms)")
    row("dialin show 500000", [dialin, "show", large, str(args.trials // 2)], "(150 ms)")
    row("dialin show", [dialin, "show", large])
    row("dialin ls", [dialin, "ls", large])
    row("dialin best", [dialin, "best", large])
    row("dialin trials --sort value --limit 40", [dialin, "trials", large, "--sort", "value", "--limit", "40"], "(400 MB)")
    row("dialin trials --csv", [dialin, "trials", large, "--csv"], "(400 MB)", rounds=1)
    optuna_row("Optuna load_study, trials", args.optuna_gb, args.optuna_s,
               MEASURED % (large, "n = len(optuna.load_study(study_name=None, storage=storage).trials)"))  # fmt: skip
    optuna_row("Optuna load_study, best_trial", args.optuna_gb, args.optuna_s,
               MEASURED % (large, "optuna.load_study(study_name=None, storage=storage).best_trial"))  # fmt: skip

    print(f"{args.studies or 1000} studies of 20 trials")
    row("dialin ls", [dialin, "ls", many], "(limit 200 ms)")
    row("dialin ls --json", [dialin, "ls", "--json", many], "(200 ms)")
    optuna_row("Optuna get_all_study_summaries", args.optuna_gb, args.optuna_s,
               MEASURED % (many, "optuna.get_all_study_summaries(storage=storage)"))  # fmt: skip
    after = [(os.stat(path).st_mtime_ns, os.stat(path).st_size) for path in (large, many)]
    print("the files are as they were" if before == after else "LOOKING HAS WRITTEN")


main()
