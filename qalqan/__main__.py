"""`python -m qalqan` is the same as the `qalqan` command."""

from qalqan.cli import main

if __name__ == "__main__":
    main()
