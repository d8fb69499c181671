"""One fold of a cross-validated support vector machine on handwritten digits."""
import argparse

from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC

parser = argparse.ArgumentParser()
for name, kind in {"fold": int, "folds": int, "seed": int, "C": float, "gamma": float, "kernel": str}.items():
    parser.add_argument(f"--{name}", type=kind)
args = parser.parse_args()

X, y = load_digits(return_X_y=True)
splits = StratifiedKFold(args.folds, shuffle=True, random_state=args.seed).split(X, y)
train, test = list(splits)[args.fold]
model = SVC(C=args.C, kernel=args.kernel, gamma=args.gamma or "scale").fit(X[train], y[train])
print(f"accuracy: {model.score(X[test], y[test]):.4f}")
