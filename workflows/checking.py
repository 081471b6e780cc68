"""What every check of a definition uses: names that must be known, codes that must be unique, conditions that fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from workflows.definition import Definition, When


def when_problems(definition: Definition, place: str, when: When | None) -> Iterator[str]:
    """Conditions name params of the opening and options those have."""
    params = {field.name: field for field in definition.opening.fields if field.param}
    for name, values in (when or {}).items():
        if name not in params:
            yield f"{place}.when: {name!r} is not an opening field marked as param"
        else:
            options = {option.code for option in definition.options(params[name])}
            yield from known(f"{place}.when.{name}", values, options, "option")


def known(place: str, names: Iterable[str], names_known: Iterable[str], what: str) -> Iterator[str]:
    """Every name is among those known."""
    everything = set(names_known)
    yield from (f"{place}: there is no {what} {name!r}" for name in names if name not in everything)


def unique(place: str, codes: Sequence[str]) -> Iterator[str]:
    """No code stands twice."""
    twice = {code for code in codes if codes.count(code) > 1}
    yield from (f"{place}.{code}: defined more than once" for code in sorted(twice))
