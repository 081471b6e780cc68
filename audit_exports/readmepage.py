"""``LEEME.html``: how to check the package without us, in commands that the tests run as they stand."""

from __future__ import annotations

from audit_exports.markup import Content, Markup, both, tag
from audit_exports.pages import page
from audit_exports.record import PackageFacts

OURS = """python -m audit_exports.verify PAQUETE.zip --vkey "$VKEY"
echo $?   # 0 válido · 1 inválido · 2 no verificable · 3 mal uso"""

FIXITY = """sha256sum --check --strict --quiet tagmanifest-sha256.txt
sha256sum --check --strict --quiet manifest-sha256.txt
bagit.py --validate .   # https://github.com/LibraryOfCongress/bagit-python"""

SIGNATURE = r"""printf '\060\052\060\005\006\003\053\145\160\003\041\000' > llave.der
printf '%s' "${VKEY#*+*+}" | base64 -d | tail -c 32 >> llave.der
sed '/^$/q' data/cadena/checkpoint | sed '$d' > cuerpo
sed -n 's/^— [^ ]* //p' data/cadena/checkpoint | head -n 1 | base64 -d | tail -c 64 > firma
openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey llave.der -in cuerpo -sigfile firma"""

HASHES = r"""cd data/casos/FOLIO
( printf '\000'; cat entries/1.json ) | sha256sum                                        # la hoja
( printf 'constancia/v1/payload\n'; cat payloads/1.salt payloads/1.json ) | sha256sum    # "payload" de la entrada"""


def readme_page(facts: PackageFacts, *, masked: bool = False) -> bytes:
    """The page at ``LEEME.html``; ``masked`` where the terms of an engagement withhold content."""
    main = tag(
        "div",
        tag("h1", both("Cómo verificar este paquete", "How to verify this package")),
        _key(),
        _section(
            "1. Con el verificador de Constancia", "1. With Constancia's verifier", OURS, "nuestro", _ours()
        ),
        _section(
            "2. Archivos íntegros, con herramientas comunes",
            "2. Files intact, with common tools",
            FIXITY,
            "fijeza",
        ),
        _section(
            "3. La firma, con OpenSSL",
            "3. The signature, with OpenSSL",
            SIGNATURE,
            "firma",
            _signature(facts),
        ),
        _section(
            "4. Entradas y contenidos", "4. Entries and payloads", HASHES, "huellas", _hashes(masked=masked)
        ),
        _limits(),
        class_="texto",
    )
    return page("LEEME", main, facts)


def _key() -> Content:
    return tag(
        "p",
        both(
            "Pida la llave de verificación (VKEY) por otro medio que este paquete: publicada, por teléfono o en mano. "
            "Una llave, un verificador o una política que viajen dentro del paquete no prueban nada.",
            "Get the verifier key (VKEY) by other means than this package: published, by phone or in person. "
            "A key, a verifier or a policy that travels inside the package proves nothing.",
        ),
        class_="aviso",
    )


def _section(spanish: str, english: str, commands: str, name: str, text: Content = None) -> list[Content]:
    block = tag("pre", commands, id=name, tabindex="0", role="region", aria_label=f"{spanish} / {english}")
    return [tag("h2", both(spanish, english)), text, block]


def _ours() -> Markup:
    return tag(
        "p",
        both(
            "Revisa la estructura, los manifiestos, cada entrada, su cadena y su prueba, los contenidos y archivos, la "
            "firma; deriva otra vez el estado de cada caso, repite la muestra y rehace todo lo que se lee (páginas, "
            "tablas, libro, informe, carátulas y registro de eventos) para compararlo. "
            "Sólo requiere Python 3.11 o posterior.",
            "It checks structure, manifests, every entry, its chain and its proof, payloads and files, the signature; "
            "derives each case's state again, repeats the sample, remakes all that is read (pages, tables, workbook, "
            "report, cover sheets and event log), and compares. "
            "It needs Python 3.11 or later and nothing else.",
        ),
    )


def _signature(facts: PackageFacts) -> Markup:
    return tag(
        "p",
        both("El punto de control es una nota firmada (C2SP signed-note, Ed25519) de ",
             "The checkpoint is a signed note (C2SP signed-note, Ed25519) of "),
        tag("span", f"{facts.origin}, {facts.size}, {facts.root}", class_="mono"),
        both(". Cada archivo de cadena/proofs/ es una prueba de inclusión (C2SP tlog-proof) bajo ese punto.",
             ". Each file in cadena/proofs/ is an inclusion proof (C2SP tlog-proof) under it."),
    )  # fmt: skip


def _hashes(*, masked: bool) -> Markup:
    return tag(
        "p",
        both(
            "La hoja de la entrada 1 es el «prev» de la entrada 2, y lo que su prueba incluye en el árbol (RFC 6962). "
            "Los archivos de cada entrada llevan su SHA-256 en «objects».",
            "The leaf of entry 1 is the “prev” of entry 2, and what its proof includes in the tree (RFC 6962). "
            "Each entry's files have their SHA-256 under “objects”.",
        ),
        both(
            " Este paquete reserva datos personales: las entradas sin payloads/ sólo se comprueban por su hoja.",
            " This package withholds personal data: entries without payloads/ are checked by their leaf alone.",
        )
        if masked
        else None,
    )


def _limits() -> list[Content]:
    points = (
        both(
            "Que no existan otros casos: el paquete contiene los que se pidieron. Que cada uno esté entero (y también "
            "las cadenas system:access y system:catalogues) se prueba hasta el tamaño de la bitácora que dice el "
            "verificador en «completo», si el paquete trae cadena/cabezas; lo registrado después no se vería.",
            "That no other cases exist: the package holds those that were asked for. That each is whole (and the "
            "chains system:access and system:catalogues too) is proved up to the size of the log that the verifier "
            "gives under “complete”, if the package has cadena/cabezas; what was recorded later would not show.",
        ),
        both(
            "El alcance pedido y la fecha del estado (alcance.json) son dichos del exportador. La entrada "
            "package.exported, posterior al punto de control, fija el digesto de este paquete: pida su acuse y "
            "páselo con --receipt.",
            "The scope asked for and the date of the state (alcance.json) are the exporter's word. The entry "
            "package.exported, later than the checkpoint, pins this package's digest: ask for its receipt and pass "
            "it with --receipt.",
        ),
        both(
            "Que lo dicho por las personas sea cierto: prueba quién lo registró, cuándo, y que no cambió.",
            "That what people said is true: it proves who recorded it, when, and that it has not changed.",
        ),
    )
    items = [tag("li", point) for point in points]
    return [tag("h2", both("Lo que un paquete no prueba", "What a package does not prove")), tag("ol", items)]
