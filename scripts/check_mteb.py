"""Has MTEB read what `xling eval --format mteb` writes, and computes the same scores with MTEB's own code.

    python scripts/check_mteb.py XLING [--languages]

Needs mteb (2.x) and numpy. Embeddings are drawn from a seed: 60 pictures, 150 captions, some of several pictures.
MTEB's scores come from the rankings that `--trec` writes. `--languages`: every code of languages/, too, must give a
tag that MTEB knows, with the three letters and the script of its card. Prints what was compared; status 1 where
something differs.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
from mteb._evaluators.retrieval_metrics import calculate_retrieval_scores, make_score_dict
from mteb.languages import check_language_code
from mteb.results import ModelResult, TaskResult

PICTURES, CAPTIONS, WIDTH = 60, 150, 16
DEPTHS = [1, 5, 10]
METRICS = [f"{name}@{k}" for name in ("R", "recall fraction", "P", "nDCG") for k in DEPTHS]
TOLERANCE = 1e-5  # MTEB rounds to five places


def write_inputs(folder):
    draw = numpy.random.default_rng(7)
    pictures = draw.standard_normal((PICTURES, WIDTH)).astype("f4")
    gold = [sorted({at % PICTURES, *draw.integers(0, PICTURES, at % 3)}) for at in range(CAPTIONS)]
    captions = numpy.array([pictures[rows].mean(0) for rows in gold]) + draw.standard_normal((CAPTIONS, WIDTH))
    numpy.save(folder / "I.npy", pictures)
    numpy.save(folder / "T.npy", captions.astype("f4"))
    with open(folder / "gold.jsonl", "w") as file:
        for at, rows in enumerate(gold):
            file.write(json.dumps({"text": at, "images": [int(row) for row in rows]}) + "\n")


def evaluate(xling, folder, language, *options):
    """The task results, one a line."""
    done = subprocess.run(
        [xling, "eval", "--image-embeddings", folder / "I.npy", "--text-embeddings", folder / "T.npy", "--gold",
         folder / "gold.jsonl", "--lang", language, "--format", "mteb", *options],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(f"check_mteb: xling ended with {done.returncode}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def trec(path, columns):
    """{query: {item: number}} of a .run or .qrels file."""
    name, item, number = columns
    table = {}
    for line in path.read_text().splitlines():
        parts = line.split()
        table.setdefault(parts[name], {})[parts[item]] = (int if number == 3 else float)(parts[number])
    return table


def scores_of_mteb(folder, direction):
    """What MTEB computes from the rankings."""
    run = trec(folder / f"en.{direction}.run", (0, 2, 4))
    qrels = trec(folder / f"en.{direction}.qrels", (0, 2, 3))
    found = calculate_retrieval_scores(run, qrels, DEPTHS)
    return make_score_dict(
        ndcg=found.ndcg, _map=found.map, recall=found.recall, precision=found.precision, mrr=found.mrr,
        naucs=found.naucs, naucs_mrr=found.naucs_mrr, hit_rate=found.hit_rate, task_scores={})


def check_scores(xling, folder):
    """Problems, and how many numbers were compared."""
    problems, compared = [], 0
    options = [word for metric in METRICS for word in ("--metric", metric)]
    results = evaluate(xling, folder, "en", *options, "--trec", folder / "trec", "--trec-depth", str(CAPTIONS))
    read = []
    for given in results:
        task = TaskResult.from_dict(given)
        path = folder / "task.json"
        path.write_text(json.dumps(given))
        again = TaskResult.from_disk(path)
        read.append(task)
        split = task.eval_splits[0]
        own = task.scores[split][0]
        direction = "text-to-image" if "T2I" in task.task_name else "image-to-text"
        expected = scores_of_mteb(folder / "trec", direction)
        keys = [f"{name}_at_{k}" for name in ("hit_rate", "recall", "precision", "ndcg") for k in DEPTHS]
        for key in keys:
            compared += 1
            if key not in own:
                problems.append(f"{task.task_name}: no {key}, which MTEB calls so")
            elif abs(own[key] - expected[key]) > TOLERANCE:
                problems.append(f"{task.task_name}: {key} is {own[key]}, MTEB computes {expected[key]}")
        if abs(task.get_score() - own["ndcg_at_10"]) > 1e-12 or again.get_score() != task.get_score():
            problems.append(f"{task.task_name}: the main score is {task.get_score()}, expected {own['ndcg_at_10']}")
    model = ModelResult(model_name=results[0]["model_name"], model_revision="none", task_results=read)
    table = model.to_dataframe(format="long")
    if len(table) != len(read):
        problems.append(f"a table of {len(table)} rows for {len(read)} tasks")
    return problems, compared


def check_languages(xling, folder):
    listed = subprocess.run([xling, "languages", "--json"], text=True, stdout=subprocess.PIPE, check=True)
    problems, cards = [], json.loads(listed.stdout)["languages"]
    for card in cards:
        result = TaskResult.from_dict(evaluate(xling, folder, card["code"], "--metric", "nDCG@10")[0])
        (tag,) = result.scores[result.eval_splits[0]][0]["languages"]
        expected = card["codes"]["iso639Part3"] + "-" + card["writing"]["main"]
        if tag != expected:
            problems.append(f"{card['code']} is {tag}, its card says {expected}")
        try:
            check_language_code(tag)
        except ValueError as error:
            problems.append(f"{card['code']} is {tag}: {error}")
    return problems, len(cards)


def main():
    xling, languages = sys.argv[1], "--languages" in sys.argv[2:]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        write_inputs(folder)
        problems, compared = check_scores(xling, folder)
        print(f"{compared} scores compared")
        if languages:
            found, count = check_languages(xling, folder)
            print(f"{count} languages compared")
            problems += found
    for problem in problems:
        print(problem)
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
