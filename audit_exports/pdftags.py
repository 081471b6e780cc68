"""What the marks on the pages of a PDF mean, for who hears it instead of seeing it (ISO 32000-1, 14.7 and 14.8).

A tree of elements (headings, paragraphs, lists, tables), each pointing to marked content on pages, and for each page
the elements its marks belong to. What only decorates or repeats is an artifact, and is no part of it.
"""

from __future__ import annotations

from collections.abc import Sequence

_SCOPE = "/A<</O/Table/Scope/Column>>"


class Element:
    """A structure element: ``tag`` as the standard names it, elements within it, and marks as (page, number)."""

    __slots__ = ("kids", "marks", "number", "tag")

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.kids: list[Element] = []
        self.marks: list[tuple[int, int]] = []
        self.number = 0

    def add(self, tag: str) -> Element:
        """A new element within this one."""
        kid = Element(tag)
        self.kids.append(kid)
        return kid

    def walk(self) -> list[Element]:
        """This element and all within it, in reading order."""
        found, ahead = list[Element](), [self]
        while ahead:
            element = ahead.pop()
            found.append(element)
            if element.kids:
                ahead += element.kids[::-1]
        return found


class Structure:
    """The tree of one document."""

    def __init__(self) -> None:
        self.root = Element("Document")
        self._pages: list[list[Element]] = []

    def mark(self, element: Element, page: int) -> int:
        """The number of a new mark of an element on a page."""
        while len(self._pages) <= page:
            self._pages.append([])
        owners = self._pages[page]
        owners.append(element)
        element.marks.append((page, len(owners) - 1))
        return len(owners) - 1

    def objects(self, first: int, pages: Sequence[int]) -> list[bytes]:
        """The objects: the tree's root, numbered ``first``, then which elements pages have, then the elements.

        ``pages`` are the object numbers of the pages.
        """
        self._pages += [[] for _ in range(len(pages) - len(self._pages))]
        elements = self.root.walk()
        for number, element in enumerate(elements, first + 2):
            element.number = number
        nums = " ".join(
            [
                f"{page} [{' '.join([f'{owner.number} 0 R' for owner in owners])}]"
                for page, owners in enumerate(self._pages)
            ]
        )
        found = [
            f"<< /Type /StructTreeRoot /K {first + 2} 0 R /ParentTree {first + 1} 0 R "
            f"/ParentTreeNextKey {len(self._pages)} >>".encode(),
            f"<< /Nums [{nums}] >>".encode(),
            *[b""] * len(elements),
        ]
        found[2] = _written(self.root, first, pages)
        for element in elements:
            for kid in element.kids:
                found[kid.number - first] = _written(kid, element.number, pages)
        return found


def _written(element: Element, parent: int, pages: Sequence[int]) -> bytes:
    """As few bytes as the standard allows: there are some hundred of them in each cover sheet."""
    marks, tag = element.marks, element.tag
    if not element.kids and len(marks) == 1 and tag != "TH":  # what most are
        page, number = marks[0]
        return b"<</S/%b/P %d 0 R/Pg %d 0 R/K %d>>" % (tag.encode(), parent, pages[page], number)
    if element.kids:
        told = f"/K[{' '.join([f'{kid.number} 0 R' for kid in element.kids])}]"
    elif len(marks) == 1:
        page, number = marks[0]
        told = f"/Pg {pages[page]} 0 R/K {number}"
    elif marks:
        several = [f"<</Type/MCR/Pg {pages[page]} 0 R/MCID {number}>>" for page, number in marks]
        told = f"/K[{' '.join(several)}]"
    else:
        told = ""
    more = _SCOPE if tag == "TH" else ""
    return f"<</S/{tag}/P {parent} 0 R{told}{more}>>".encode()
