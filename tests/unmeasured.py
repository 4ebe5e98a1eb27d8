"""For processes held to a file size: coverage's own file would not fit within the limit either."""

import os


def environment() -> dict[str, str]:
    """This process's environment without coverage."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
