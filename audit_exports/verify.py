"""``python -m audit_exports.verify PACKAGE``: check an audit package offline, with nothing but Python.

Exit status: 0 valid, 1 invalid, 2 unverifiable, 3 wrong usage. Without a key or policy from the arguments the
verdict is never valid: what travels inside a package proves nothing about itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from audit_exports.codes import WORDS, weigh
from audit_exports.containers import open_container, printable
from audit_exports.counterparties import is_of_export
from audit_exports.letters import PdfsigLetters
from audit_exports.packagecheck import PackageReport, check_package
from audit_exports.stamps import NoOpenssl, OpensslStamps
from audit_exports.trust import Trust
from evidence.findings import Finding, Verdict
from evidence.note import ED25519, MalformedKey, VerifierKey
from evidence.policy import MAX_POLICY_BYTES, MalformedPolicy, Policy, parse_policy
from evidence.processes import WorkerLost, processors

USAGE_ERROR = 3
_MAX_RECEIPT = 1 << 20
_SHOWN = 40
_MOST_HOURS = 1_000_000

_VERDICTS = {
    Verdict.VALID: ("VÁLIDO", "VALID"),
    Verdict.INVALID: ("INVÁLIDO", "INVALID"),
    Verdict.UNVERIFIABLE: ("NO VERIFICABLE", "UNVERIFIABLE"),
}


class _Parser(argparse.ArgumentParser):
    """Wrong usage exits with 3: 2 already means unverifiable."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE_ERROR, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = _arguments()
    options = parser.parse_args(arguments)
    try:
        trust = _trust(options)
        container = open_container(options.package)
    except (OSError, MalformedKey, MalformedPolicy, UnicodeError) as error:
        parser.error(str(error))
    except NoOpenssl:
        parser.error("--tsa-chain needs the openssl program / necesita el programa openssl")
    try:
        report = check_package(container, trust, progress=_progress(), processes=processors())
    except WorkerLost as error:
        sys.stderr.write(f"{parser.prog}: no terminó de revisar / did not finish checking: {error}\n")
        return Verdict.UNVERIFIABLE.exit_code
    finally:
        container.close()
    if options.json:
        print(json.dumps(report.as_json(), ensure_ascii=False, indent=2))  # noqa: T201 - the command's output
    else:
        print(as_text(report, options.package.name))  # noqa: T201 - the command's output
    return report.verdict.exit_code


def _progress() -> Callable[[int, int], None] | None:
    """Cases done and in all, on a terminal only: what is piped stays one report."""
    if not sys.stderr.isatty():
        return None

    def told(done: int, whole: int) -> None:
        sys.stderr.write(f"\r  {done} / {whole} casos / cases" + ("\n" if done == whole else ""))
        sys.stderr.flush()

    return told


def as_text(report: PackageReport, name: str) -> str:
    """The report for people, Spanish first."""
    spanish, english = _VERDICTS[report.verdict]
    lines = [
        f"{spanish} / {english}: {printable(name)}",
        f"  bitácora / log: {printable(report.log)}, {report.size} entradas / entries",
        f"  raíz / root: {report.root or '-'}",
        f"  revisado / checked: {report.cases_checked} casos / cases, {report.entries_checked} entradas / entries,",
        f"      {report.objects_checked} archivos / files, {report.bytes_checked} bytes",
        *_letters(report),
        _complete(report),
        *_level(report),
    ]
    shown = _together(report.findings)[:_SHOWN]
    for findings in shown:
        lines += _finding(findings)
    if rest := report.findings_total - sum(map(len, shown)):
        lines.append(f"  … {rest} hallazgos más / more findings (--json)")
    return "\n".join(lines)


def _letters(report: PackageReport) -> list[str]:
    told = []
    if report.letters_checked:
        told.append(f"      {report.letters_checked} cartas firmadas, con pdfsig / signed letters, by pdfsig")
    if report.keys_checked:
        told.append(f"      {report.keys_checked} usos de llaves de acceso / uses of passkeys")
    if report.keys_unverified:
        told.append(
            f"      {report.keys_unverified} usos de llaves de acceso sin verificar su firma (falta cryptography) / "
            "uses of passkeys whose signature was not verified (no cryptography)"
        )
    if report.seals:
        last = report.seals[-1]
        told.append(f"  sello de cartas / seal of letters: SHA-256 {last['certificate']}")
        told.append(f"      bajo la raíz / under the root: SHA-256 {last['root']}")
    return told


def _complete(report: PackageReport) -> str:
    if not report.complete_as_of:
        return "  completo / complete: no se probó / not shown"
    shown = f"{report.complete_as_of} entradas de la bitácora / entries of the log"
    return (
        f"  completo / complete: cada caso del paquete está entero a las / every case is whole as of {shown}"
    )


_LEVELS = {
    "none": "ninguno / none",
    "A0": "A0 (punto de control firmado / signed checkpoint)",
    "A2": "A2 (sello de tiempo de un tercero / time stamp by a third party)",
    "A3": "A3 (cofirmado por un testigo / cosigned by a witness)",
    "A5": "A5 (la bitácora es la del acuse de un tercero, hasta esa entrada / "
    "the log is that of somebody's receipt, up to that entry)",
}
_GIVEN = {
    "timestamp": "trae sin juzgar, con --tsa-chain / has, not judged, with --tsa-chain",
    "cosignature": "trae sin juzgar, con --policy / has, not judged, with --policy",
}
_MORE = {
    "none": "indique la llave del registro con --vkey o --policy / give the log's key with --vkey or --policy",
    "A0": "A2 con --tsa-chain, A3 con --policy y sus testigos, si el paquete los trae (cadena/anclas) / "
    "A2 with --tsa-chain, A3 with --policy and its witnesses, if the package has them (cadena/anclas)",
    "A2": "A3: --policy con testigos / --policy with witnesses",
    "A3": "A5: --receipt con acuses que guarden terceros / with receipts that others keep",
    "A5": "nada más / nothing more",
}


def _level(report: PackageReport) -> list[str]:
    lines = [f"  nivel / level: {_LEVELS[report.level]}"]
    lines += [
        f"      {held['level']} {printable(str(held['name']))}: {held['size']} entradas / entries, {held['time']}"
        for held in report.anchors
    ]
    receipt = (
        "sí, este paquete es el que la bitácora registró / yes, this package is the one the log recorded"
        if report.receipt
        else "no se revisó; con --receipt se prueba también el alcance / not checked; --receipt also proves the scope"
    )
    return [
        *lines,
        *_more(report),
        f"  exportación / export: {receipt}",
    ]


def _more(report: PackageReport) -> list[str]:
    """What would raise the level: by name, where the package has it."""
    told = [f"  lo subiría / would raise it: {_MORE[report.level]}"]
    held = {str(anchor["name"]) for anchor in report.anchors}
    for offered in report.offered:
        if str(offered["name"]) not in held:
            what = _GIVEN[str(offered["kind"])]
            told.append(
                f"      {what}: {printable(str(offered['name']))}, {offered['size']} entradas / entries, "
                f"{printable(str(offered['time']))}"
            )
    if report.level != "none" and not report.offered:
        told.append("      el paquete no trae anclas de nadie / the package has no anchors of anybody")
    return told


def _together(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings to be told one by one, save that notices of one kind about neighbours are told as one."""
    told: list[list[Finding]] = []
    for finding in findings:
        same = told and _says(told[-1][0]) == _says(finding) and weigh([finding]) is Verdict.VALID
        if same:
            told[-1].append(finding)
        else:
            told.append([finding])
    return told


def _says(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.expected, finding.found


def _finding(findings: Sequence[Finding]) -> list[str]:
    finding, last = findings[0], findings[-1]
    words = WORDS.get(finding.code, ("", ""))
    weight = weigh([finding])
    mark = {Verdict.INVALID: "✗", Verdict.UNVERIFIABLE: "?", Verdict.VALID: "i"}[weight]
    upto = f" … {printable(last.subject)} ({len(findings)})" if len(findings) > 1 else ""
    return [
        f"  {mark} {finding.code} · {printable(finding.subject)}{upto}",
        f"      {words[0]} / {words[1]}",
        f"      se esperaba / expected: {printable(finding.expected)}",
        f"      se encontró / found:    {printable(finding.found)}",
    ]


def _arguments() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m audit_exports.verify",
        description="Verifica sin red un paquete de auditoría de Constancia / verify an audit package offline.",
        epilog="0 válido / valid · 1 inválido / invalid · 2 no verificable / unverifiable · 3 mal uso / wrong usage",
    )
    parser.add_argument("package", type=Path, metavar="PACKAGE", help="zip o carpeta / zip or folder")
    parser.add_argument(
        "--vkey", action="append", default=[], metavar="KEY", help="llave de confianza / trusted key"
    )
    parser.add_argument("--policy", type=Path, metavar="FILE", help="política / policy (C2SP tlog-policy)")
    parser.add_argument(
        "--receipt",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="acuse de la exportación, o los que guarden terceros (A5) / the export's receipt, or others' (A5)",
    )
    parser.add_argument(
        "--since", type=Path, metavar="FILE",
        help="punto de control que usted guardó antes / a checkpoint you kept from earlier",
    )  # fmt: skip
    parser.add_argument(
        "--tsa-chain", type=Path, metavar="FILE",
        help="certificados PEM de la autoridad de sellado / PEM certificates of the time-stamping authority",
    )  # fmt: skip
    parser.add_argument(
        "--no-letters", action="store_true",
        help="no abrir las cartas firmadas con pdfsig / do not have pdfsig open signed letters",
    )  # fmt: skip
    parser.add_argument(
        "--max-age", type=_hours, metavar="HOURS",
        help="lo firmado debe llegar hasta hace tantas horas / what is signed must reach to so many hours ago",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="informe en JSON / report as JSON")
    return parser


def _trust(options: argparse.Namespace) -> Trust:
    keys = [VerifierKey.from_text(text) for text in options.vkey]
    if any(key.type != ED25519 for key in keys):
        raise MalformedKey("--vkey is the log's key, not a witness's")
    receipts = [_read(path, _MAX_RECEIPT) for path in options.receipt]
    policy = parse_policy(_read(options.policy, MAX_POLICY_BYTES)) if options.policy else Policy()
    return Trust(
        tuple(dict.fromkeys((*keys, *policy.log_keys))),
        receipt=next(filter(is_of_export, receipts), None),
        counterparties=tuple(item for item in receipts if not is_of_export(item)),
        policy=policy,
        since=_read(options.since, _MAX_RECEIPT) if options.since else None,
        stamps=OpensslStamps(options.tsa_chain) if options.tsa_chain else None,
        letters=None if options.no_letters else PdfsigLetters.here(),
        not_before=datetime.now(UTC) - options.max_age if options.max_age else None,
    )


def _hours(text: str) -> timedelta:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _MOST_HOURS:
        raise argparse.ArgumentTypeError(f"de 1 a {_MOST_HOURS} / from 1 to {_MOST_HOURS}")
    return timedelta(hours=int(text))


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as stream:
        return stream.read(limit + 1)


if __name__ == "__main__":
    sys.exit(main())
