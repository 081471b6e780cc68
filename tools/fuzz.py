"""Fuzzes the house's parsers by coverage (atheris), each in a process of its own; `make fuzz` calls it.

    python tools/fuzz.py                        # every target of tests/fuzzing/targets.py, half a minute each
    python tools/fuzz.py note eml --seconds 600

An input that brings out an undocumented exception is left under ``var/fuzz/TARGET/`` and ends this with 1: mend the
parser, and keep the input under ``tests/fuzzing/corpus/TARGET/`` with the extension ``.bin``. Where atheris is not
installed (it has wheels for Linux on x86-64 alone) it says so and ends with 3; hypothesis' part runs everywhere.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOUND = ROOT / "var" / "fuzz"
MEMORY_MIB, ONE_INPUT_SECONDS, LONGEST = 2048, 25, 16_384


def main(arguments: list[str]) -> int:
    """Every target named (all if none), one after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=30, help="for each target")
    parser.add_argument(
        "--one", action="store_true", help="in this process: what the others are started with"
    )
    asked = parser.parse_args(arguments)
    if importlib.util.find_spec("atheris") is None:
        print(
            "NOT FUZZED BY COVERAGE: atheris is not installed for this Python and machine.", file=sys.stderr
        )
        return 3
    sys.path.insert(0, str(ROOT))
    if asked.one:
        _fuzz(asked.targets[0], asked.seconds)
        return 0
    from tests.fuzzing.targets import TARGETS  # noqa: PLC0415 - a process with --one must instrument it first

    names = asked.targets or list(TARGETS)
    broken = [name for name in names if not _survives(name, asked.seconds)]
    print(f"{len(names)} targets, {asked.seconds} s each; broken: {', '.join(broken) or 'none'}")
    return 1 if broken else 0


def _survives(name: str, seconds: int) -> bool:
    command = [sys.executable, __file__, name, "--one", "--seconds", str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if line.startswith(("Done ", "stat::number", "#"))]
    print(f"{name}: {told[-1] if told else 'no word'}")
    if done.returncode:
        print(done.stdout[-3000:], done.stderr[-3000:], sep="\n", file=sys.stderr)
    return done.returncode == 0


def _fuzz(name: str, seconds: int) -> None:
    """Until the time is over; libFuzzer ends the process itself."""
    import atheris  # noqa: PLC0415 - not everywhere

    with atheris.instrument_imports(
        include=["evidence", "documents", "workflows", "audit_exports", "signing", "identity"]
    ):
        from tests.fuzzing.targets import CORPUS, TARGETS  # noqa: PLC0415 - instrumented as it is imported
    target = TARGETS[name]
    seeds = FOUND / name / "seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (seeds / f"seed-{number}").write_bytes(seed)

    def one(data: bytes) -> None:
        try:
            target.run(data)
        except target.refuses:
            return

    options = [f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY_MIB}", f"-timeout={ONE_INPUT_SECONDS}"]
    options += [f"-max_len={LONGEST}", f"-artifact_prefix={FOUND / name}/", "-print_final_stats=1"]
    kept = [str(CORPUS / name)] if (CORPUS / name).is_dir() else []
    atheris.Setup([sys.argv[0], *options, str(seeds), *kept], one)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
