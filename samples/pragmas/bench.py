"""How fast SQLite is with these settings: milliseconds for some writes and some reads.

    python3 bench.py --page_size=4096 --cache_kb=2000 --journal=wal --sync=normal --batch=100

The file lies in the folder where the trial runs ($DIALIN_DIR), and is removed. Python's sqlite3 alone.
"""
import argparse
import os
import random
import sqlite3
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("--page_size", type=int, default=4096)
parser.add_argument("--cache_kb", type=int, default=2000)
parser.add_argument("--journal", default="delete")
parser.add_argument("--sync", default="full")
parser.add_argument("--temp", default="default")
parser.add_argument("--mmap_mb", type=int, default=0)
parser.add_argument("--batch", type=int, default=100, help="rows a transaction")
args = parser.parse_args()

random.seed(1)
with tempfile.TemporaryDirectory(dir=os.environ.get("DIALIN_DIR")) as folder:
    db = sqlite3.connect(os.path.join(folder, "bench.db"), isolation_level=None)
    db.execute("pragma page_size = %d" % args.page_size)
    db.execute("pragma journal_mode = %s" % args.journal)
    db.execute("pragma synchronous = %s" % args.sync)
    db.execute("pragma cache_size = -%d" % args.cache_kb)
    db.execute("pragma temp_store = %s" % args.temp)
    db.execute("pragma mmap_size = %d" % (args.mmap_mb << 20))
    db.execute("create table t(k integer primary key, word text, number real)")
    db.execute("create index by_word on t(word)")
    start = time.perf_counter()
    for _ in range(4000 // args.batch):
        db.execute("begin")
        for _ in range(args.batch):
            word = "%08x" % random.getrandbits(32)
            db.execute("insert into t(word, number) values (?, ?)", (word, random.random()))
        db.execute("commit")
    write_ms = 1000 * (time.perf_counter() - start)
    start = time.perf_counter()
    for _ in range(2000):
        db.execute("select sum(number) from t where word >= ? limit 20",
                   ("%08x" % random.getrandbits(32),)).fetchone() if _ % 20 == 0 else \
            db.execute("select word from t where k = ?", (random.randint(1, 4000),)).fetchone()
    read_ms = 1000 * (time.perf_counter() - start)
    size_kb = os.path.getsize(os.path.join(folder, "bench.db")) / 1024
    db.close()
print("write_ms=%.2f read_ms=%.2f size_kb=%.0f" % (write_ms, read_ms, size_kb))
print("total_ms=%.2f" % (write_ms + read_ms))
