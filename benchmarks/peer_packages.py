"""Packaged classifiers, each in an environment of its own: texts in, one score a line out.

    uv run --no-project --with alt-profanity-check python benchmarks/peer_packages.py profanity
    uv run --no-project --with hatesonar python benchmarks/peer_packages.py hatesonar

Standard input holds a JSON string a line. hatesonar needs the locale en_US.UTF-8; where the system has
none, `localedef -i en_US -f UTF-8 FOLDER/en_US.UTF-8` makes one and LOCPATH=FOLDER names it.
"""

import json
import os
import sys


def profanity(texts: list[str]) -> list[float]:
    from profanity_check import predict_prob  # noqa: PLC0415 - not in our own environment

    return [float(p) for p in predict_prob(texts)]


def hatesonar(texts: list[str]) -> list[float]:
    from hatesonar import Sonar  # noqa: PLC0415 - likewise

    sonar = Sonar()
    found = []
    for text in texts:
        classes = {c["class_name"]: c["confidence"] for c in sonar.ping(text=text)["classes"]}
        found.append(1.0 - float(classes["neither"]))
    return found


def main() -> None:
    texts = [json.loads(line) for line in sys.stdin]
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the packages print must not stand among the scores
    risks = {"profanity": profanity, "hatesonar": hatesonar}[sys.argv[1]](texts)
    out.writelines(f"{risk}\n" for risk in risks)
    out.close()


if __name__ == "__main__":
    main()
