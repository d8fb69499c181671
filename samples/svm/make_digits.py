#!/usr/bin/env python3
"""Writes digits.txt: every second row of scikit-learn's bundled digits, in libsvm's text format.

    python3 -m venv venv && venv/bin/pip install scikit-learn && venv/bin/python make_digits.py

Grey values 0 to 16 become 0 to 1; zeros are left out, as the format allows.
"""
from pathlib import Path

from sklearn.datasets import load_digits

digits = load_digits()
lines = []
for features, label in list(zip(digits.data, digits.target))[::2]:
    cells = [f"{i + 1}:{value / 16:g}" for i, value in enumerate(features) if value]
    lines.append(f"{label} {' '.join(cells)}\n")
Path(__file__).with_name("digits.txt").write_text("".join(lines))
print(f"{len(lines)} rows, {digits.data.shape[1]} features, {len(digits.target_names)} classes")
