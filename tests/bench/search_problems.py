"""What is searched: functions, mixed and conditional spaces, models of scikit-learn on its own data.

A problem has parameters, a function of their values that is minimised (one number, or several), and, for
functions, the lowest value there is.
"""
import functools
import math

import numpy as np


class Param:
    """low and high, or choices; `when` is (parent, [values])."""

    def __init__(self, name, low=None, high=None, log=False, whole=False, choices=None, when=None):
        self.name, self.low, self.high, self.log, self.whole = name, low, high, log, whole
        self.choices, self.when = choices, when

    def draw(self, rng):
        if self.choices:
            return self.choices[int(rng.integers(len(self.choices)))]
        if self.whole and self.log:
            return int(min(self.high, max(self.low, round(math.exp(rng.uniform(
                math.log(self.low - 0.5), math.log(self.high + 0.5)))))))
        if self.whole:
            return int(rng.integers(self.low, self.high + 1))
        if self.log:
            return float(math.exp(rng.uniform(math.log(self.low), math.log(self.high))))
        return float(rng.uniform(self.low, self.high))


class Problem:
    def __init__(self, name, params, value, best=None, goals=1, true_value=None, reference=None):
        self.name, self.params, self.value, self.best, self.goals = name, params, value, best, goals
        self.true_value = true_value or (lambda p, rng: value(p, rng))  # without noise
        self.reference = reference

    def draw(self, rng):
        point = {}
        for p in self.params:
            if not p.when or point.get(p.when[0]) in p.when[1]:
                point[p.name] = p.draw(rng)
        return point


def floats(n, low, high):
    return [Param(f"x{i}", low, high) for i in range(n)]


def vector(point):
    return np.array([point[f"x{i}"] for i in range(len(point))])


# ── functions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def branin(point, rng):
    x, y = vector(point)
    inner = y - 5.1 / (4 * math.pi ** 2) * x * x + 5 / math.pi * x - 6
    return inner * inner + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


HARTMANN_A = np.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8],
                       [17, 8, 0.05, 10, 0.1, 14]])
HARTMANN_P = 1e-4 * np.array([[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
                              [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]])


def hartmann6(point, rng):
    far = (HARTMANN_A * (vector(point) - HARTMANN_P) ** 2).sum(axis=1)
    return float(-np.array([1, 1.2, 3, 3.2]) @ np.exp(-far))


def rosenbrock(point, rng):
    x = vector(point)
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


def ackley(point, rng):
    x = vector(point) - 3.1  # not in the middle of the range
    return float(-20 * math.exp(-0.2 * math.sqrt((x * x).mean())) - math.exp(np.cos(2 * math.pi * x).mean()) + 20 + math.e)


def ellipsoid(point, rng):
    x = vector(point) - np.linspace(-2, 2, len(point))
    return float((10.0 ** np.linspace(0, 3, len(x)) * x * x).sum())


def noisy(function, sd):
    return lambda point, rng: function(point, rng) + sd * rng.normal()


def layers(point, rng):
    """A cost with floats, logarithms, whole numbers and choices, as training a network has them."""
    lr = math.log10(point["lr"]) + 2.3
    cost = lr * lr + 0.4 * (point["depth"] - 5) ** 2 / 4 + (math.log2(point["width"]) - 7.2) ** 2 / 6
    cost += {"adam": 0, "sgd": 0.6, "rms": 0.3}[point["opt"]] + 0.8 * (point["drop"] - 0.2) ** 2
    return cost + (0 if point["norm"] else 0.25) + 0.5 * abs(lr) * (point["opt"] == "sgd")


def branches(point, rng):
    if point["model"] == "tree":
        return 0.3 + (point["depth"] - 7) ** 2 / 20 + (math.log10(point["eta"]) + 1.2) ** 2 / 2
    if point["model"] == "net":
        return 0.1 + (point["layers"] - 3) ** 2 / 6 + (math.log10(point["lr"]) + 3.1) ** 2 + (point["mom"] - 0.9) ** 2
    return 0.6 + (math.log10(point["alpha"]) + 1) ** 2 / 8


# ── two goals ──────────────────────────────────────────────────────────────────────────────────────────────────────


def zdt(shape):
    def value(point, rng):
        x = vector(point)
        g = 1 + 9 * x[1:].mean()
        return [float(x[0]), float(g * shape(x[0], x[0] / g))]
    return value


def cost_and_quality(point, rng):
    """Better is dearer, with a choice of machine."""
    speed = {"small": 1.0, "middle": 2.2, "large": 4.0}[point["machine"]]
    error = 0.05 + 1 / (1 + point["width"] / 32) + (math.log10(point["lr"]) + 2) ** 2 / 4
    return [error, point["width"] * 0.01 / speed + 0.4 * speed]


# ── scikit-learn ───────────────────────────────────────────────────────────────────────────────────────────────────


@functools.lru_cache(None)
def data(name):
    from sklearn import datasets
    from sklearn.preprocessing import StandardScaler
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    keep = np.random.default_rng(0).permutation(len(y))[:600]
    return StandardScaler().fit_transform(x[keep]), y[keep]


def validated(name, make, scoring):
    """The mean error over three folds; the same point is trained once."""
    known = {}

    def value(point, rng):
        key = tuple(sorted(point.items(), key=str))
        if key not in known:
            from sklearn.model_selection import cross_val_score
            x, y = data(name)
            known[key] = -float(cross_val_score(make(point), x, y, cv=3, scoring=scoring).mean())
        return known[key]
    return value


def svm(p):
    from sklearn.svm import SVC
    return SVC(C=p["C"], kernel=p["kernel"], gamma=p.get("gamma", "scale"), degree=p.get("degree", 3))


def forest(p):
    from sklearn.ensemble import GradientBoostingRegressor
    return GradientBoostingRegressor(n_estimators=p["trees"], learning_rate=p["eta"], max_depth=p["depth"],
                                     subsample=p["subsample"], min_samples_leaf=p["leaf"], random_state=0)


def logistic(p):
    from sklearn.linear_model import SGDClassifier
    return SGDClassifier(loss="log_loss", alpha=p["alpha"], l1_ratio=p["l1"], penalty="elasticnet", eta0=p["eta0"],
                         learning_rate=p["rate"], max_iter=60, tol=None, random_state=0)


def problems():
    single = [
        Problem("branin", [Param("x0", -5, 10), Param("x1", 0, 15)], branin, 0.397887),
        Problem("hartmann6", floats(6, 0, 1), hartmann6, -3.32237),
        Problem("rosenbrock-5", floats(5, -5, 10), rosenbrock, 0),
        Problem("ackley-8", floats(8, -10, 10), ackley, 0),
        Problem("ellipsoid-10", floats(10, -5, 5), ellipsoid, 0),
        Problem("noisy-hartmann6", floats(6, 0, 1), noisy(hartmann6, 0.15), -3.32237, true_value=hartmann6),
        Problem("noisy-branin", [Param("x0", -5, 10), Param("x1", 0, 15)], noisy(branin, 2), 0.397887,
                true_value=branin),
        Problem("mixed-network", [Param("lr", 1e-5, 1, log=True), Param("depth", 1, 12, whole=True),
                                  Param("width", 8, 1024, log=True, whole=True),
                                  Param("opt", choices=["adam", "sgd", "rms"]), Param("drop", 0.0, 0.8),
                                  Param("norm", choices=[False, True])], layers, 0),
        Problem("branches", [Param("model", choices=["tree", "net", "line"]),
                             Param("depth", 1, 16, whole=True, when=("model", ["tree"])),
                             Param("eta", 1e-3, 1, log=True, when=("model", ["tree"])),
                             Param("layers", 1, 8, whole=True, when=("model", ["net"])),
                             Param("lr", 1e-6, 1, log=True, when=("model", ["net"])),
                             Param("mom", 0.0, 1.0, when=("model", ["net"])),
                             Param("alpha", 1e-6, 10, log=True, when=("model", ["line"]))], branches, 0.1),
        Problem("svm-digits", [Param("C", 1e-3, 1e3, log=True), Param("kernel", choices=["rbf", "poly", "linear"]),
                               Param("gamma", 1e-6, 1, log=True, when=("kernel", ["rbf", "poly"])),
                               Param("degree", 2, 4, whole=True, when=("kernel", ["poly"]))],
                validated("digits", svm, "accuracy")),
        Problem("boosting-diabetes", [Param("trees", 5, 60, whole=True), Param("eta", 1e-3, 1, log=True),
                                      Param("depth", 1, 5, whole=True), Param("subsample", 0.3, 1.0),
                                      Param("leaf", 1, 50, log=True, whole=True)],
                validated("diabetes", forest, "neg_root_mean_squared_error")),
        Problem("sgd-cancer", [Param("alpha", 1e-7, 1, log=True), Param("l1", 0.0, 1.0),
                               Param("eta0", 1e-5, 10, log=True),
                               Param("rate", choices=["optimal", "constant", "invscaling", "adaptive"])],
                validated("breast_cancer", logistic, "neg_log_loss")),
    ]
    several = [
        Problem("zdt1-6", floats(6, 0, 1), zdt(lambda f, r: 1 - math.sqrt(r)), goals=2, reference=[1.1, 6]),
        Problem("zdt3-6", floats(6, 0, 1), zdt(lambda f, r: 1 - math.sqrt(r) - r * math.sin(10 * math.pi * f)),
                goals=2, reference=[1.1, 6]),
        Problem("cost-and-quality", [Param("width", 8, 1024, log=True, whole=True), Param("lr", 1e-5, 1, log=True),
                                     Param("machine", choices=["small", "middle", "large"])], cost_and_quality,
                goals=2, reference=[2, 6]),
    ]
    return single, several
