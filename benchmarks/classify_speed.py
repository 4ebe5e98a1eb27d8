"""How fast pages are read and scored on one core, and whether the time per page grows with their number.

    python benchmarks/classify_speed.py [--pages 1000,10000,100000] [--text-kb 5] [--json]
    python benchmarks/classify_speed.py --haystack DIR        # times `qalqan classify` on DIR/pages.jsonl

Pages are synthetic and harmless: 40 KB of HTML each (scripts, styles, menus, attributes) of which about
`--text-kb` KB is text, put together from the project's own filler and ordinary pages in three languages.
Each number of pages runs in a process of its own, pinned to one core with one thread, once from HTML bytes
to scores and once without the scoring. Making a page is not part of the time.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LANGUAGES = ("kk", "ru", "en")
HTML_BYTES = 40_000
DIFFERENT = 300  # pages made beforehand; each is given a line of its own before it is read
BATCH = 64
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pages", default="1000,10000,100000")
    parser.add_argument("--text-kb", type=float, default=5.0)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--haystack", type=Path)
    parser.add_argument("--cores", type=int, default=1, help="for --haystack")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", choices=("scored", "unscored"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one_run(options, int(options.pages), scored=options.one == "scored")))
    elif options.haystack:
        show(options, [on_haystack(options)])
    else:
        show(options, growth(options))


def growth(options: argparse.Namespace) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in map(int, options.pages.split(",")):
        for kind in ("unscored", "scored"):
            command = [sys.executable, __file__, "--one", kind, "--pages", str(number)]
            command += ["--text-kb", str(options.text_kb)]
            command += ["--models", str(options.models)] if options.models else []
            done = subprocess.run(
                command, check=True, stdout=subprocess.PIPE, env=os.environ | ONE_THREAD
            )
            rows.append(json.loads(done.stdout))
            print(json.dumps(rows[-1]), file=sys.stderr)
    first = {row["what"]: row["cpu_ms_per_page"] for row in reversed(rows)}
    return [
        row | {"against_fewest": round(row["cpu_ms_per_page"] / first[row["what"]], 3)}
        for row in rows
    ]


def one_run(options: argparse.Namespace, number: int, *, scored: bool) -> dict[str, Any]:
    """Times this very process, so that its peak memory is that of this number of pages."""
    pin(1)
    from crawler.extract import extract  # noqa: PLC0415 - the pin and the thread limits come first

    scorer = None
    if scored:
        from classifier import artefacts  # noqa: PLC0415
        from classifier.scoring import Scorer  # noqa: PLC0415

        scorer = Scorer(artefacts.load(options.models or artefacts.default_models_dir()))
        scorer.score([("Warm", "This loads what is loaded lazily.")])
    ready = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = html_pages(number, round(options.text_kb * 1024))
    wall = cpu = 0.0
    done = html_bytes = text_chars = explained = 0
    while batch := list(islice(made, BATCH)):
        began_wall, began_cpu = time.perf_counter(), time.process_time()
        pages = [extract(html, "text/html; charset=utf-8") for html in batch]
        scores = scorer.score([(page.title, page.text) for page in pages]) if scorer else []
        cpu += time.process_time() - began_cpu
        wall += time.perf_counter() - began_wall
        done += len(batch)
        explained += sum(bool(score.evidence) for score in scores)
        html_bytes += sum(map(len, batch))
        text_chars += sum(len(page.text) for page in pages)
    return {
        "what": "scored" if scored else "unscored",
        "pages": done,
        "html_kb": round(html_bytes / done / 1000, 1),
        "text_chars": round(text_chars / done),
        # reasons are looked for where a page may open a case, and that takes time
        **({"share_with_evidence": round(explained / done, 3)} if scorer else {}),
        "cpu_ms_per_page": round(1000 * cpu / done, 3),
        "pages_per_cpu_s": round(done / cpu),
        "pages_per_s": round(done / wall),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "peak_mb_before": round(ready / 1024),
    }


def on_haystack(options: argparse.Namespace) -> dict[str, Any]:
    source = options.haystack / "pages.jsonl"
    pin(options.cores)  # the command inherits it
    with source.open("rb") as lines:
        number = sum(1 for _ in lines)
    environment = os.environ | (ONE_THREAD if options.cores == 1 else {})
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "qalqan", "classify", str(source), "-o"]
        command += [str(Path(folder) / "scores.jsonl")]
        command += ["--models", str(options.models)] if options.models else []
        began = time.perf_counter()
        started = subprocess.Popen(command, env=environment, cwd=ROOT)
        _, status, used = os.wait4(started.pid, 0)
        wall = time.perf_counter() - began
        started.returncode = os.waitstatus_to_exitcode(status)
    assert started.returncode == 0, "qalqan classify failed"
    cpu = used.ru_utime + used.ru_stime
    return {
        "what": "qalqan classify",
        "pages": number,
        "seconds": round(wall, 1),
        "cpu_s": round(cpu, 1),
        "pages_per_s": round(number / wall),
        "cpu_ms_per_page": round(1000 * cpu / number, 3),
        "peak_mb": round(used.ru_maxrss / 1024),
    }


def html_pages(number: int, text_bytes: int) -> Iterator[bytes]:
    """So many pages of `HTML_BYTES`, no two alike."""
    rng = random.Random(1)
    pool = [
        framed(rng, lang, list(paragraphs(rng, lang, text_bytes)))
        for lang in (LANGUAGES[i % len(LANGUAGES)] for i in range(DIFFERENT))
    ]
    for i in range(number):
        yield pool[i % DIFFERENT].replace(b"<main>", f"<main><h2>{rng.random()}</h2>".encode(), 1)


def paragraphs(rng: random.Random, lang: str, text_bytes: int) -> Iterator[str]:
    texts = harmless_texts(lang)
    size = 0
    while size < text_bytes:
        paragraph = " ".join(rng.choice(texts) for _ in range(rng.randint(2, 5)))
        size += len(paragraph.encode())
        yield paragraph


def harmless_texts(lang: str) -> list[str]:
    """The project's filler lines, and the lines of its harmless pages that are about neither harm."""
    folder = ROOT / "classifier" / "corpus" / "training" / lang
    lines = (folder / "filler.txt").read_text(encoding="utf-8").splitlines()
    pages = folder / "pages.txt"
    is_ordinary = True
    for line in pages.read_text(encoding="utf-8").splitlines() if pages.is_file() else []:
        if line.startswith("["):
            is_ordinary = line.startswith("[neither ")
        elif is_ordinary:
            lines.append(line)
    return [line.strip() for line in lines if line.strip()]


def framed(rng: random.Random, lang: str, blocks: list[str]) -> bytes:
    """An HTML page around the blocks, filled up to `HTML_BYTES` with what no reader sees."""
    body = "".join(
        f'<div class="row c-{i} col-md-{rng.randint(1, 12)}" data-id="{rng.random()}"><p>{block}</p></div>'
        for i, block in enumerate(blocks)
    )
    menu = "".join(f'<li class="menu-item"><a href="/p/{i}">{i}</a></li>' for i in range(40))
    head = f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{blocks[0][:60]}</title>'
    shown = f"</head><body><nav><ul>{menu}</ul></nav><main>{body}</main></body></html>"
    left = HTML_BYTES - len((head + shown).encode())
    script = "".join(
        f"q.push({{k:{rng.random()},v:'{i}'}});" for i in range(max(0, left // 2) // 36)
    )
    style = "".join(
        f".c-{i}{{margin:{i % 9}px;color:#{rng.randrange(16**6):06x}}}"
        for i in range(max(0, left // 2) // 35)
    )
    return f"{head}<style>{style}</style><script>var q=[];{script}</script>{shown}".encode()


def pin(cores: int) -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def show(options: argparse.Namespace, rows: list[dict[str, Any]]) -> None:
    if options.json:
        print(json.dumps(rows))
        return
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
