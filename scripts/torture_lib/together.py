"""Three processes at once in one store, and two in one place."""

from . import kills
from .bench import digest, rows, store_complaints

STORE = "runs/xling.sqlite"


def run(bench):
    for number in range(bench.tries(10)):
        if bench.wants("store"):
            store(bench, number)
        if bench.wants("place"):
            place(bench, number)


def fresh(bench, name):
    folder = bench.folder / name
    folder.mkdir()
    kills.with_run(bench, folder)
    return folder


def align(output, seed):
    return (f"align --method lwa --data set --steps 12 --batch-size 4 --threads 1 --seed {seed} "
            f"--output {output}").split()


def store(bench, number):
    """An alignment, an evaluation, and an evaluation of the same run again."""
    folder = fresh(bench, f"store{number}")
    evaluation = "eval runs/one --data set --lang all --threads 1".split()
    processes = [
        bench.start(arguments, folder, f"out{i}", f"err{i}")
        for i, arguments in enumerate((align("runs/two", 2), evaluation, evaluation))
    ]
    statuses = [process.wait(120) for process in processes]
    complaints = [
        f"process {i} ended with {status}: {(folder / f'err{i}').read_text()[-200:]}"
        for i, status in enumerate(statuses) if status != 0
    ]
    complaints += store_complaints(folder / STORE)
    cells = rows(folder / STORE, "SELECT language, direction, count(*) FROM evaluations GROUP BY "
                 "run, protocol, language, direction")
    if len(cells) != 16 or any(count != 1 for _, _, count in cells):
        complaints.append(f"{len(cells)} cells in place of 16, or a cell twice")
    states = rows(folder / STORE, "SELECT name, status FROM runs ORDER BY name")
    if states != [("one", "finished"), ("two", "finished")]:
        complaints.append(f"stored as {states}")
    bench.verdict(f"together, store, {number}", complaints)


def place(bench, number):
    """Three alignments into one folder: one is done, the others are refused and change nothing."""
    folder = fresh(bench, f"place{number}")
    bench.must(align("runs/calm", 3), folder)
    processes = [bench.start(align("runs/new", 3), folder, f"out{i}", f"err{i}") for i in range(3)]
    statuses = sorted(process.wait(120) for process in processes)
    complaints = []
    if statuses[0] != 0 or any(status not in (64, 74) for status in statuses[1:]):
        complaints.append(f"statuses {statuses}: {said_of(folder)}")
    if digest(folder / "runs/new/model.safetensors") != digest(
        folder / "runs/calm/model.safetensors"
    ):
        complaints.append("other weights than those of a run that was left alone")
    state = rows(folder / STORE, "SELECT status FROM runs WHERE name = 'new'")
    if state != [("finished",)]:
        complaints.append(f"stored as {state}")
    bench.verdict(f"together, place, {number}", complaints + store_complaints(folder / STORE))


def said_of(folder):
    return " / ".join((folder / f"err{i}").read_text().strip()[-100:] for i in range(3))
