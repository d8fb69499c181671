"""optuna-dashboard's own pages, over loopback, on what dialin writes; and what it writes, in dialin.

usage: optuna_dashboard.py DIALIN PROGRAM FOLDER      (PROGRAM: test_integration_optuna_file)
"""

import base64
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

DIALIN, PROGRAM, FOLDER = sys.argv[1:]
PATH = os.path.join(FOLDER, "shown.db")
STUDY = """study: shown
run: [sh, prog.sh, "{x}", "{kind}"]
objective: {minimize: loss}
space: {x: {int: [1, 9]}, kind: {choice: [a, b, null]}}
strategy: random
seed: 3
budget: {trials: 10}
"""


def check(actual, expected, what):
    if actual != expected:
        sys.exit(f"{what}: {actual!r} is not {expected!r}")


def dialin(*words, text=None):
    done = subprocess.run([DIALIN, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, cwd=FOLDER, input=text)
    if done.returncode != 0:
        sys.exit(f"dialin {' '.join(words)}: {done.stdout}")
    return done.stdout


class Dashboard:
    def __init__(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        files = os.path.join(FOLDER, "artifacts")
        os.makedirs(files, exist_ok=True)
        self.url = f"http://127.0.0.1:{port}"
        self.log = open(os.path.join(FOLDER, "dashboard.txt"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [os.path.join(os.path.dirname(sys.executable), "optuna-dashboard"), "sqlite:///" + PATH,
             "--host", "127.0.0.1", "--port", str(port), "--artifact-dir", files],
            stdout=self.log, stderr=self.log)
        until = time.monotonic() + 120
        while True:
            try:
                self.get("/api/studies")
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    self.end()
                    sys.exit("the dashboard did not start")
                time.sleep(0.1)

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as problem:
            return problem.code, problem.read()

    def get(self, path):
        status, text = self.ask("GET", path)
        check(status, 200, path)
        return text

    def study(self, study_id):
        return json.loads(self.get(f"/api/studies/{study_id}?after=0"))

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.log.seek(0)
        check("Traceback" in self.log.read(), False, "errors of the dashboard")


def pages(board):
    """Every study: its trials as dialin has them, and the pages that are made of them."""
    for study in json.loads(board.get("/api/studies"))["study_summaries"]:
        detail = board.study(study["study_id"])
        name = study["study_name"]
        ours = json.loads(dialin("trials", PATH, "--study", name, "--json"))["trials"]
        theirs = {t["number"]: t for t in detail["trials"]}
        check([t["number"] for t in detail["trials"]], list(range(len(detail["trials"]))), name)
        for trial in ours:
            there = theirs[trial["number"]]
            what = f"{name} #{trial['number']}"
            check(there["state"].upper(), trial["state"], what)
            known = {p["name"] for p in there["params"]}
            if there["state"] != "Waiting":
                check(known, {k for k, v in trial["params"].items() if k in known}, what)
        board.get(f"/csv/{study['study_id']}")
        board.get(f"/api/studies/{study['study_id']}/param_importances")


def notes(board, study_id):
    trials = board.study(study_id)["trials"]
    long = "ä🚀" * 2500 + "\nend"
    for number, words in ((None, ["note", PATH, "study", "-"]), (2, ["note", PATH, "2", "-"])):
        def note():
            detail = board.study(study_id)
            return detail["note"] if number is None else detail["trials"][number]["note"]

        place = f"/api/studies/{study_id}" + (f"/{trials[2]['trial_id']}" if number else "") + "/note"
        shown = words[:-1] if number else words[:2]
        dialin(*words, text=long)
        check(note(), {"version": 1, "body": long}, "a note of dialin")
        check(board.ask("PUT", place, {"version": 1, "body": "?"})[0], 409, "an edit of what was")
        check(board.ask("PUT", place, {"version": 2, "body": "short"})[0], 204, "an edit")
        check(dialin(*shown), "short\n", "a note of the dashboard")
        check(board.ask("PUT", place, {"version": 3, "body": long})[0], 204, "a long one")
        check(dialin(*shown), long + "\n", "a long note of the dashboard")
        dialin(*words[:-1], "mine")
        check(note(), {"version": 4, "body": "mine"}, "a shorter note of dialin")
        dialin("undo", PATH)
        check(note(), {"version": 5, "body": long}, "the note of the dashboard, back")
        dialin(*words[:-1], "")
        check(note(), {"version": 6, "body": ""}, "no note")
    file = "data:text/plain;base64," + base64.b64encode(b"confusion").decode()
    status, _ = board.ask("POST", f"/api/artifacts/{study_id}", {"file": file, "filename": "matrix.txt"})
    check(status, 201, "an artifact")
    page = json.loads(dialin("show", PATH, "--json"))
    check([a["file_name"] for a in page["artifacts"]], ["matrix.txt"], "artifacts of the study")
    check("matrix.txt" in dialin("show", PATH), True, "artifacts on the page")


def main():
    global PATH
    with open(os.path.join(FOLDER, "prog.sh"), "w", encoding="utf-8") as file:
        file.write("echo loss: $(($1 * $1))\n")
    with open(os.path.join(FOLDER, "shown.yaml"), "w", encoding="utf-8") as file:
        file.write(STUDY)
    dialin("run", "shown.yaml", "--headless")
    dialin("tag", PATH, "1", "paper")
    dialin("delete", PATH, "0", "4", "9", "--count", "3")
    board = Dashboard()
    try:
        pages(board)
        tags = board.study(1)["trials"][1]["user_attrs"]
        check([a["value"] for a in tags if a["key"] == "dialin_tags"], ['["paper"]'], "tags")
        notes(board, 1)
    finally:
        board.end()
    PATH = os.path.join(FOLDER, "kinds.db")
    subprocess.run([PROGRAM, "write", PATH], check=True, stdout=subprocess.DEVNULL)
    board = Dashboard()
    try:
        pages(board)
        ids = {s["study_name"]: s["study_id"]
               for s in json.loads(board.get("/api/studies"))["study_summaries"]}
        front = board.study(ids["front"])["trials"]
        check(front[6]["constraints"], [0.5, -2.0], "constraints")
    finally:
        board.end()
    print("optuna-dashboard shows what dialin writes, and the reverse")


main()
