"""Who searches: dialin, spoken to as any program would, and Optuna's samplers in this process.

A peer is asked for a point and told its values; cpu_s() is the processor time that it has used.
"""
import glob
import json
import math
import os
import subprocess
import tempfile
import time
import warnings


def define(problem, strategy, seed, budget):
    goals = ", ".join(f"{{minimize: y{k}}}" for k in range(problem.goals))
    lines = ["study: bench", f"strategy: {strategy}", f"seed: {seed}", f"budget: {{trials: {budget}}}",
             f"objective: [{goals}]" if problem.goals > 1 else f"objective: {goals}", "space:"]
    for p in problem.params:
        kind = f"choice: {json.dumps(p.choices)}" if p.choices else \
            f"{'int' if p.whole else 'float'}: [{p.low!r}, {p.high!r}]"
        log = ", log: true" if p.log else ""
        when = f", when: '{p.when[0]} in {json.dumps(p.when[1])}'" if p.when else ""
        lines.append(f"  {p.name}: {{{kind}{log}{when}}}")
    return "\n".join(lines) + "\n"


class Dialin:
    def __init__(self, program, strategy, problem, seed, budget):
        self.folder = tempfile.TemporaryDirectory(prefix="dialin-search-")
        path = os.path.join(self.folder.name, "study.yaml")
        with open(path, "w") as file:
            file.write(define(problem, strategy, seed, budget))
        self.process = subprocess.Popen([program, "serve", path, "--memory"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def call(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": {"message": "it has ended"}}
        if "error" in answer:
            raise RuntimeError(f"dialin serve: {answer['error']['message']}")
        return answer

    def ask(self):
        answer = self.call(op="ask")
        if "trial" not in answer:
            raise RuntimeError(f"dialin serve has ended: {answer.get('reason')}")
        return answer["trial"], answer["params"]

    def tell(self, trial, values):
        self.call(op="tell", trial=trial, values=values)

    def add(self, points, values):
        for point, value in zip(points, values):
            self.call(op="enqueue", params=point)
            trial, _ = self.ask()
            self.tell(trial, value)

    def cpu_s(self):
        ns = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            with open(path) as file:
                ns += int(file.read().split()[0])
        return ns * 1e-9

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()


class Optuna:
    def __init__(self, make, problem, seed):
        import optuna
        optuna.logging.set_verbosity(optuna.logging.CRITICAL)
        warnings.simplefilter("ignore")
        self.optuna, self.problem = optuna, problem
        self.study = optuna.create_study(sampler=make(optuna.samplers, seed), directions=["minimize"] * problem.goals)

    def distribution(self, p):
        d = self.optuna.distributions
        if p.choices:
            return d.CategoricalDistribution(p.choices)
        return (d.IntDistribution if p.whole else d.FloatDistribution)(p.low, p.high, log=p.log)

    def ask(self):
        trial = self.study.ask()
        point = {}
        for p in self.problem.params:
            if p.when and point.get(p.when[0]) not in p.when[1]:
                continue
            point[p.name] = trial._suggest(p.name, self.distribution(p))
        return trial, point

    def tell(self, trial, values):
        self.study.tell(trial, values)

    def add(self, points, values):
        self.study.add_trials(
            [self.optuna.create_trial(params=point, values=value,
                                      distributions={p.name: self.distribution(p) for p in self.problem.params
                                                     if p.name in point}) for point, value in zip(points, values)])

    def cpu_s(self):
        return time.process_time()

    def close(self):
        pass


SAMPLERS = {
    "random": lambda s, seed: s.RandomSampler(seed=seed),
    "tpe": lambda s, seed: s.TPESampler(seed=seed),
    "gp": lambda s, seed: s.GPSampler(seed=seed),
    "cmaes": lambda s, seed: s.CmaEsSampler(seed=seed),
    "nsga2": lambda s, seed: s.NSGAIISampler(seed=seed),
}


def available(name):
    """Why a sampler cannot run here, or ''."""
    if name not in SAMPLERS:
        return "Optuna has none"
    try:
        if name == "gp":
            import torch
            torch.set_num_threads(1)
        if name == "cmaes":
            import cmaes  # noqa: F401
    except ImportError as error:
        return f"it needs {error.name}"
    return ""


def hypervolume(front, reference):
    """Of two goals."""
    inside = sorted(v for v in front if v[0] < reference[0] and v[1] < reference[1])
    area, low = 0.0, reference[1]
    for a, b in inside:
        if b < low:
            area += (reference[0] - a) * (low - b)
            low = b
    return area if math.isfinite(area) else 0.0
