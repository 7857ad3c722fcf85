"""The command `vigie`.

Exit codes: 0 done, 1 failed, 2 wrong use or configuration, 3 done but some source failed, 130 interrupted.
"""

from bot.cli.main import main

__all__ = ["main"]
