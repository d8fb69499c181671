"""Search, beside Optuna in the same run: what an ask and its tell cost, and what is found.

    sh tests/bench/measure.sh search BUILD [--seeds N] [--trials N] [--only cost|quality]

Costs are processor time, which other load moves less than the clock; dialin's is that of `dialin serve`, with
the reading and writing of its lines.
"""
import argparse
import math
import os
import platform
import statistics
import sys

import numpy as np

from search_peers import SAMPLERS, Dialin, Optuna, available, hypervolume
from search_problems import Problem, floats, problems

SIZES = (100, 1000, 10000)
COST_LIMIT_S = 40  # of one cell
COST_ASKS = 30
TWO_GOALS = ("nsga2", "tpe")


def names_of(options):
    return [name for name in options.strategies.split(",") if name]


# ── costs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def bowl(point, rng):
    return float(sum((point[f"x{i}"] - 0.3) ** 2 for i in range(10)))


def cost(peer, problem, n):
    """Microseconds of an ask and its tell after n trials; the first pair, which reads them all, left out."""
    rng = np.random.default_rng(n)
    points = [problem.draw(rng) for _ in range(n)]
    peer.add(points, [[problem.value(p, rng)] for p in points])
    spent = []
    while len(spent) <= COST_ASKS and (len(spent) < 3 or sum(spent) < COST_LIMIT_S):
        start = peer.cpu_s()
        trial, point = peer.ask()
        peer.tell(trial, [problem.value(point, rng)])
        spent.append(peer.cpu_s() - start)
    peer.close()
    return statistics.median(spent[1:]) * 1e6


def print_costs(options):
    problem = Problem("bowl", floats(10, 0, 1), bowl)
    print("Cost of an ask and its tell, µs of processor time, 10 floats, n trials before")
    print(f"  {'':8}" + "".join(f"{f'n = {n:,}: dialin':>20}{'Optuna':>11}{'ratio':>8} " for n in SIZES))
    for name in names_of(options) + ["de", "sobol", "random"]:
        if name == "nsga2":
            continue
        line = f"  {name:8}"
        why = available(name)
        for n in SIZES:
            ours = cost(Dialin(options.dialin, name, problem, 1, n + 2 * COST_ASKS), problem, n)
            line += f"{ours:20,.0f}"
            if why or (name == "gp" and n > 1000):
                line += f"{'–':>11}{'':9}"
            else:
                theirs = cost(Optuna(SAMPLERS[name], problem, 1), problem, n)
                line += f"{theirs:11,.0f}{theirs / ours:8,.0f}x"
        print(line, flush=True)
    print()


# ── quality ────────────────────────────────────────────────────────────────────────────────────────────────────────


def search(peer, problem, seed, trials):
    """The values in order: without noise, of the best that was seen so far with it."""
    rng = np.random.default_rng(1000 + seed)
    seen, curve = math.inf, []
    for _ in range(trials):
        trial, point = peer.ask()
        value = problem.value(point, rng)
        peer.tell(trial, value if problem.goals > 1 else [value])
        if problem.goals > 1:
            curve.append(value)
        else:
            if value < seen:
                seen, at_best = value, problem.true_value(point, rng)
            curve.append(at_best)
    peer.close()
    return curve


def trials_of(options, problem):
    return options.trials * problem.goals


def peers_of(options, name, problem, seed):
    yield f"dialin {name}", lambda: Dialin(options.dialin, name, problem, seed, trials_of(options, problem))
    if not available(name):
        yield f"optuna {name}", lambda: Optuna(SAMPLERS[name], problem, seed)


def typical(problem):
    """The median of random points: regret 1."""
    rng = np.random.default_rng(7)
    return statistics.median(problem.true_value(problem.draw(rng), rng) for _ in range(60))


def print_quality(options, single):
    names = [n for n in names_of(options) if n != "nsga2"]
    at = sorted({max(1, options.trials // 2), options.trials})
    regrets = {}
    columns = [p for n in names for p, _ in peers_of(options, n, single[0], 0)]
    print(f"Regret after {options.trials} trials: 0 is the best there is (for models: that was seen in this run), 1 a "
          f"random point; mean of {options.seeds} seeds")
    print(f"  {'':18}" + "".join(f"{c:>14}" for c in columns))
    for problem in single:
        curves = {}
        for name in names:
            for label, make in peers_of(options, name, problem, 0):
                curves[label] = []
            for seed in range(options.seeds):
                for label, make in peers_of(options, name, problem, seed):
                    curves[label].append(search(make(), problem, seed, trials_of(options, problem)))
        best = problem.best
        if best is None:
            best = min(min(c) for all_of in curves.values() for c in all_of)
        scale = max(typical(problem) - best, 1e-12)
        line = f"  {problem.name:18}"
        for label in columns:
            for n in at:
                share = statistics.mean(min(1.0, (c[n - 1] - best) / scale) for c in curves[label])
                regrets.setdefault((label, n), []).append(share)
            line += f"{regrets[label, options.trials][-1]:14.4f}"
        print(line, flush=True)
    for n in at:
        print(f"  {f'mean after {n}':18}" + "".join(f"{statistics.mean(regrets[c, n]):14.4f}" for c in columns))
    for name in names:
        ours, theirs = regrets[f"dialin {name}", options.trials], regrets.get((f"optuna {name}", options.trials))
        if theirs:
            won = sum((a < b) + 0.5 * (a == b) for a, b in zip(ours, theirs))
            print(f"  {name}: {statistics.mean(ours) / max(statistics.mean(theirs), 1e-12):.2f} x Optuna's mean regret, "
                  f"better on {won:g} of {len(ours)} problems")
    print()


def print_fronts(options, several):
    names = [n for n in TWO_GOALS if n in names_of(options)]
    columns = [p for n in names for p, _ in peers_of(options, n, several[0], 0)]
    print(f"Hypervolume after {2 * options.trials} trials, two goals: more is better; mean of {options.seeds} seeds")
    print(f"  {'':18}" + "".join(f"{c:>14}" for c in columns))
    total = {}
    for problem in several:
        line = f"  {problem.name:18}"
        for name in names:
            for label, _ in peers_of(options, name, problem, 0):
                areas = []
                for seed in range(options.seeds):
                    make = dict(peers_of(options, name, problem, seed))[label]
                    areas.append(hypervolume(search(make(), problem, seed, trials_of(options, problem)),
                                             problem.reference))
                total.setdefault(label, []).append(statistics.mean(areas))
                line += f"{total[label][-1]:14.4f}"
        print(line, flush=True)
    for name in names:
        if f"optuna {name}" in total:
            pairs = list(zip(total[f"dialin {name}"], total[f"optuna {name}"]))
            print(f"  {name}: {statistics.mean(a / b for a, b in pairs):.3f} x Optuna's")
    print()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dialin")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--strategies", default="auto,tpe,gp,cmaes,nsga2")
    parser.add_argument("--problems", default="", help="some of them: branin,zdt1-6")
    parser.add_argument("--only", choices=["cost", "quality"])
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import optuna
    wanted = options.problems.split(",") if options.problems else None
    single, several = ([p for p in some if not wanted or p.name in wanted] for some in problems())
    print(f"{platform.node()}, {platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; "
          f"Optuna {optuna.__version__}, Python {platform.python_version()}")
    for name in names_of(options):
        if name in SAMPLERS and available(name):
            print(f"without Optuna's {name}: {available(name)}")
    print()
    if options.only != "quality":
        print_costs(options)
    if options.only != "cost":
        if single:
            print_quality(options, single)
        if several and any(n in TWO_GOALS for n in names_of(options)):
            print_fronts(options, several)
    return 0


sys.exit(main())
