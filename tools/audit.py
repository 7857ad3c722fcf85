"""Looks for known faults of every package that is locked: `python -m tools.audit`.

pip-audit asks a service. Where that cannot be asked nothing was audited, and this says so: exit code 0 without a known fault, 1 with one, 2
where a package was not looked up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LOCKS = ("requirements.lock", "requirements-tools.lock")
_ROOT = Path(__file__).parents[1]
_LONGEST = 600


def verdict(found: Mapping[str, Any]) -> tuple[int, str]:
    """Say what pip-audit's JSON comes to: the exit code, and it in words. Pure."""
    packages: Sequence[Mapping[str, Any]] = found["dependencies"]
    faults = [
        f"{package['name']} {package['version']}: {fault['id']} (mended in {', '.join(fault['fix_versions']) or 'no version'})"
        for package in packages
        for fault in package.get("vulns", ())
    ]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    lines = [f"{len(packages) - len(skipped)} of {len(packages)} packages were looked up; known faults: {len(faults)}", *faults]
    if skipped:
        lines.append(f"NOT AUDITED, the service does not know them or answers for nothing: {', '.join(skipped)}")
    return (1 if faults else 2 if skipped or not packages else 0), "\n".join(lines)


def audit(lock: Path) -> tuple[int, str]:
    """Ask pip-audit about what a lock holds."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--requirement", str(lock), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST, check=False)  # noqa: S603 - our own arguments
    try:
        return verdict(json.loads(done.stdout))
    except ValueError:
        why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return 2, f"NOT AUDITED: pip-audit ended with {done.returncode} ({why})"


def main() -> int:
    """Audit each lock."""
    codes = []
    for name in LOCKS:
        code, told = audit(_ROOT / name)
        print(f"{name}: {told}")
        codes.append(code)
    return 1 if 1 in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
