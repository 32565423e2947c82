"""The program: `python -m opz_worker --model PATH [--loader NAME] [--code DIR] [--predict FILE] [--signature JSON]`."""

from .worker import main

if __name__ == "__main__":
    raise SystemExit(main())
