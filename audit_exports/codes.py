"""What can be wrong with a package, beside what `evidence.findings` lists: each code with its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from evidence.findings import NOTICES as CORE_NOTICES
from evidence.findings import UNVERIFIABLE as CORE_UNVERIFIABLE
from evidence.findings import Finding, Verdict, verdict_of


class Code(StrEnum):
    """Finding codes of packages; ``docs/formats/package.md`` has the table."""

    ZIP_END = "zip.end"
    ZIP_NOT_CANONICAL = "zip.not_canonical"
    ZIP_DIRECTORY = "zip.directory"
    ZIP_GAP = "zip.gap"
    ZIP_OVERLAP = "zip.overlap"
    ZIP_HEADER = "zip.header"
    ZIP_COMPRESSED = "zip.compressed"
    ZIP_CRC = "zip.crc"
    NAME_LENGTH = "name.length"
    NAME_ABSOLUTE = "name.absolute"
    NAME_BACKSLASH = "name.backslash"
    NAME_TRAVERSAL = "name.traversal"
    NAME_CONTROL = "name.control"
    NAME_NOT_NFC = "name.not_nfc"
    NAME_NOT_PORTABLE = "name.not_portable"
    NAME_DUPLICATE = "name.duplicate"
    NAME_COLLISION = "name.collision"
    NAME_ENCODING = "name.encoding"
    FILE_SYMLINK = "file.symlink"
    FILE_SPECIAL = "file.special"
    FILE_UNREADABLE = "file.unreadable"
    FILE_MISSING = "file.missing"
    FILE_TOO_LARGE = "file.too_large"
    FILE_UNLISTED = "file.unlisted"
    FILE_UNEXPECTED = "file.unexpected"
    FILE_DIGEST = "file.digest_differs"
    BAG_DECLARATION = "bag.declaration"
    BAG_INFO = "bag.info_differs"
    BAG_MANIFEST = "bag.manifest_malformed"
    SCOPE_MALFORMED = "scope.malformed"
    SCOPE_DIFFERS = "scope.differs"
    SAMPLE_DIFFERS = "sample.differs"
    CASE_MISFILED = "case.misfiled"
    CASE_OUT_OF_SCOPE = "case.out_of_scope"
    PACKAGE_EMPTY = "package.empty"
    PROOF_MALFORMED = "proof.malformed"
    PROOF_INVALID = "proof.invalid"
    PROOF_CHECKPOINT = "proof.other_checkpoint"
    HEADS_NONE = "heads.none"
    HEADS_MALFORMED = "heads.malformed"
    HEADS_INVALID = "heads.not_whole"
    POPULATION_UNPROVED = "population.unproved"
    POPULATION_INCOMPLETE = "population.incomplete"
    POPULATION_OUTSIDE = "population.outside"
    SINCE_LATER = "since.later"
    SINCE_UNPROVED = "since.unproved"
    ANCHOR_AGED = "anchor.aged"
    LETTER_SIGNATURE = "letter.signature_invalid"
    PASSKEY_INVALID = "passkey.invalid"
    LETTER_BROKEN = "letter.signature_broken"
    SEAL_MALFORMED = "seal.malformed"
    SEAL_UNTOLD = "seal.untold"
    KEYS_MALFORMED = "keys.malformed"
    KEYS_SUCCEEDED = "keys.succeeded"
    DEFINITION_DIFFERS = "definition.differs"
    DEFINITION_MALFORMED = "definition.malformed"
    CATALOGUE_UNKNOWN = "catalogue.unknown"
    CALENDAR_MALFORMED = "calendar.malformed"
    CALENDAR_OTHER = "calendar.differs"
    CALENDAR_CHANGED = "calendar.changed"
    CALENDAR_UNKNOWN = "calendar.unknown"
    TIME_ZONES = "time_zones.missing"
    STATE_UNDERIVABLE = "state.underivable"
    PERSON_UNNEEDED = "person.unneeded"
    CONTENT_WITHHELD = "content.withheld"
    CONTENT_RESERVED = "content.reserved"
    CONTENT_BLOCKED = "content.blocked"
    CONTENT_QUARANTINED = "content.quarantined"
    ROLE_NOT_GRANTED = "role.not_granted"
    DERIVED_DIFFERS = "derived.differs"
    DERIVED_VERSION = "derived.other_version"
    RECEIPT_MALFORMED = "receipt.malformed"
    RECEIPT_INVALID = "receipt.invalid"
    RECEIPT_DIFFERS = "receipt.differs"
    RECEIPT_CONTRADICTS = "receipt.contradicts"
    RECEIPT_ELSEWHERE = "receipt.elsewhere"


UNVERIFIABLE: frozenset[str] = CORE_UNVERIFIABLE | {
    Code.DERIVED_VERSION,
    Code.SINCE_LATER,
    Code.SINCE_UNPROVED,
    Code.PACKAGE_EMPTY,
    Code.CALENDAR_UNKNOWN,
    Code.TIME_ZONES,
}
"""Codes that say nothing was proved, without saying that something is wrong."""

NOTICES: frozenset[str] = CORE_NOTICES | {
    Code.POPULATION_OUTSIDE,
    Code.RECEIPT_ELSEWHERE,
    Code.LETTER_BROKEN,
    Code.CONTENT_WITHHELD,
    Code.CONTENT_BLOCKED,
    Code.CONTENT_QUARANTINED,
    Code.CALENDAR_CHANGED,
    Code.ROLE_NOT_GRANTED,
    Code.HEADS_NONE,
    Code.KEYS_SUCCEEDED,
    Code.ANCHOR_AGED,
    Code.SEAL_UNTOLD,
}
"""Codes that inform and weigh nothing."""


def weigh(findings: Iterable[Finding]) -> Verdict:
    """The one verdict of a package's findings."""
    return verdict_of(findings, unverifiable=UNVERIFIABLE, notices=NOTICES)


WORDS: Mapping[str, tuple[str, str]] = {
    Code.ZIP_END: (
        "no es un zip completo, o hay bytes después de su final",
        "not a whole zip, or bytes after its end",
    ),
    Code.ZIP_NOT_CANONICAL: (
        "el zip no es como lo escribe Constancia (¿se volvió a comprimir? desempáquelo y verifique la carpeta)",
        "the zip is not spelled as Constancia spells it (packed again? unpack it and verify the folder)",
    ),
    Code.ZIP_DIRECTORY: ("el directorio del zip está dañado", "the zip's directory is damaged"),
    Code.ZIP_GAP: (
        "hay bytes del zip que no pertenecen a ningún archivo",
        "bytes of the zip belong to no file",
    ),
    Code.ZIP_OVERLAP: (
        "archivos del zip encimados o fuera de lugar",
        "files of the zip overlap or are out of place",
    ),
    Code.ZIP_HEADER: ("encabezado local distinto del directorio", "local header differs from the directory"),
    Code.ZIP_COMPRESSED: (
        "archivo comprimido: podría ser una bomba",
        "compressed member: it could be a bomb",
    ),
    Code.ZIP_CRC: ("suma CRC-32 distinta", "CRC-32 differs"),
    Code.NAME_LENGTH: ("nombre vacío o demasiado largo", "empty or too long a name"),
    Code.NAME_ABSOLUTE: ("ruta absoluta", "absolute path"),
    Code.NAME_BACKSLASH: ("ruta con barra invertida", "path with a backslash"),
    Code.NAME_TRAVERSAL: ("ruta que sale del paquete", "path that leaves the package"),
    Code.NAME_CONTROL: ("nombre con caracteres de control", "name with control characters"),
    Code.NAME_NOT_NFC: ("nombre que no está en forma NFC", "name that is not in NFC"),
    Code.NAME_NOT_PORTABLE: (
        "nombre que no existe en todos los sistemas",
        "name that not every system can have",
    ),
    Code.NAME_DUPLICATE: ("nombre repetido", "repeated name"),
    Code.NAME_COLLISION: ("nombres que sólo difieren en mayúsculas", "names that differ in letter case only"),
    Code.NAME_ENCODING: ("nombre que no es UTF-8", "name that is not UTF-8"),
    Code.FILE_SYMLINK: ("enlace simbólico", "symbolic link"),
    Code.FILE_SPECIAL: ("no es un archivo común", "not a regular file"),
    Code.FILE_UNREADABLE: ("no se puede leer", "cannot be read"),
    Code.FILE_MISSING: ("falta el archivo", "the file is missing"),
    Code.FILE_TOO_LARGE: ("demasiado grande para lo que es", "too large for what it is"),
    Code.FILE_UNLISTED: ("no está en el manifiesto", "not in the manifest"),
    Code.FILE_UNEXPECTED: ("no tiene lugar en un paquete", "has no place in a package"),
    Code.FILE_DIGEST: ("no es el archivo del manifiesto", "not the manifest's file"),
    Code.BAG_DECLARATION: ("bagit.txt no es el de BagIt 1.0", "bagit.txt is not BagIt 1.0's"),
    Code.BAG_INFO: (
        "bag-info.txt no dice lo que el paquete es",
        "bag-info.txt does not say what the package is",
    ),
    Code.BAG_MANIFEST: ("manifiesto mal escrito", "malformed manifest"),
    Code.SCOPE_MALFORMED: ("alcance.json mal escrito", "malformed alcance.json"),
    Code.SCOPE_DIFFERS: ("alcance.json no corresponde al paquete", "alcance.json does not fit the package"),
    Code.SAMPLE_DIFFERS: (
        "los casos no son los que da el sorteo declarado",
        "the cases are not those that the declared draw gives",
    ),
    Code.CASE_MISFILED: ("entrada en el lugar de otra", "entry in the place of another"),
    Code.CASE_OUT_OF_SCOPE: ("caso fuera del alcance declarado", "case outside the declared scope"),
    Code.PACKAGE_EMPTY: ("el paquete no contiene casos", "the package holds no cases"),
    Code.PROOF_MALFORMED: ("prueba mal escrita", "malformed proof"),
    Code.PROOF_INVALID: (
        "la prueba no lleva al punto de control",
        "the proof does not lead to the checkpoint",
    ),
    Code.PROOF_CHECKPOINT: ("la prueba es de otro punto de control", "the proof is of another checkpoint"),
    Code.HEADS_NONE: (
        "el paquete no prueba que no haya entradas posteriores de sus casos",
        "the package does not prove that its cases have no later entries",
    ),
    Code.HEADS_MALFORMED: (
        "mal escrito el compromiso con el último renglón de cada caso",
        "malformed commitment to the heads of cases",
    ),
    Code.HEADS_INVALID: (
        "al caso le faltan o le sobran entradas según el compromiso de la bitácora",
        "the case has fewer or other entries than the log committed to",
    ),
    Code.POPULATION_UNPROVED: (
        "no se prueba qué casos del proceso tenía la bitácora",
        "which cases of the process the log had is not shown",
    ),
    Code.POPULATION_INCOMPLETE: (
        "la bitácora tenía casos que el alcance abarca y el paquete no nombra",
        "the log had cases within the scope that the package does not name",
    ),
    Code.POPULATION_OUTSIDE: (
        "la bitácora tenía más casos del proceso: quedan fuera del periodo, o de lo que el encargo congeló o extrajo",
        "the log had more cases of the process: they lie outside the period, or what the engagement froze or drew",
    ),
    Code.SINCE_LATER: (
        "el punto de control guardado es posterior al paquete: pida uno nuevo",
        "the checkpoint kept is later than the package: ask for a new one",
    ),
    Code.SINCE_UNPROVED: (
        "el paquete no trae la prueba desde ese punto de control: pida uno con --since",
        "the package has no proof from that checkpoint: ask for one made with --since",
    ),
    Code.LETTER_SIGNATURE: (
        "las firmas de esta carta no cubren sus bytes, según pdfsig",
        "by pdfsig, this letter's signatures do not cover its bytes",
    ),
    Code.PASSKEY_INVALID: (
        "lo que dice haber firmado una llave de acceso no lo sostiene su firma",
        "what a passkey is said to have signed is not held by its signature",
    ),
    Code.LETTER_BROKEN: (
        "este documento llegó con firmas que no cubren sus bytes, según pdfsig: así se selló",
        "by pdfsig, this document came with signatures that do not cover its bytes: it was sealed so",
    ),
    Code.ANCHOR_AGED: (
        "los certificados de este sello de tiempo ya terminaron y ningún sello posterior del paquete lo cubre",
        "the certificates of this time stamp have ended, and no later stamp in the package covers it",
    ),
    Code.SEAL_MALFORMED: (
        "una entrada que debía decir del sello de las cartas no lo dice",
        "an entry that should tell of the seal of letters does not",
    ),
    Code.SEAL_UNTOLD: (
        "una carta lleva un sello del que la bitácora no había dicho nada",
        "a letter carries a seal that the log had not told of",
    ),
    Code.KEYS_MALFORMED: (
        "una entrada que debería contar un cambio de llave no lo cuenta",
        "an entry that should tell of a rotation of keys does not",
    ),
    Code.KEYS_SUCCEEDED: (
        "la llave que usted conoce firmó que esta otra toma su lugar",
        "the key you know signed that this other one takes its place",
    ),
    Code.DEFINITION_DIFFERS: (
        "no es la definición con que se abrió el caso",
        "not the definition the case was opened under",
    ),
    Code.DEFINITION_MALFORMED: ("definición de proceso mal escrita", "malformed process definition"),
    Code.CATALOGUE_UNKNOWN: (
        "nombra una versión de catálogo que no se había publicado",
        "names a version of a catalogue that had not been published",
    ),
    Code.CALENDAR_MALFORMED: ("calendario mal escrito", "malformed calendar"),
    Code.CALENDAR_OTHER: ("no es el calendario que dice ser", "not the calendar it is said to be"),
    Code.CALENDAR_CHANGED: (
        "el caso se abrió con otro calendario que el del paquete: los plazos se contaron con éste",
        "the case was opened under another calendar than the package's: timers were counted with the latter",
    ),
    Code.CALENDAR_UNKNOWN: (
        "calendario que este programa no conoce: sólo un acuse (--receipt) responde por él",
        "a calendar this program does not know: only a receipt (--receipt) vouches for it",
    ),
    Code.TIME_ZONES: (
        "faltan las zonas horarias en este equipo (instale tzdata)",
        "this machine has no time zones (install tzdata)",
    ),
    Code.STATE_UNDERIVABLE: ("no se puede derivar el estado", "the state cannot be derived"),
    Code.PERSON_UNNEEDED: (
        "datos de una persona que no aparece en los casos del paquete",
        "data of a person who does not appear in the package's cases",
    ),
    Code.CONTENT_WITHHELD: (
        "los términos del encargo reservan datos personales: lo contado no viene en el paquete, y así se acordó",
        "the engagement's terms mask personal data: what is counted is not in the package, as was agreed",
    ),
    Code.CONTENT_RESERVED: (
        "viene contenido que los términos del encargo, un bloqueo, una cuarentena o un borrado dejan fuera",
        "content travels that the engagement's terms, a block, a quarantine or an erasure keep out",
    ),
    Code.CONTENT_QUARANTINED: (
        "una parte del caso está en cuarentena mientras se decide: lo contado no viene en el paquete",
        "a part of the case is in quarantine until somebody decides: what is counted is not in the package",
    ),
    Code.CONTENT_BLOCKED: (
        "los datos del caso están bloqueados: se conservan y no vienen en el paquete",
        "the case's data is blocked: it is kept, and not in the package",
    ),
    Code.ROLE_NOT_GRANTED: (
        "se actuó en un rol que la bitácora no tenía otorgado en ese momento",
        "a role was acted in that the log had not granted at that moment",
    ),
    Code.DERIVED_DIFFERS: ("no es lo que se deriva de las entradas", "not what follows from the entries"),
    Code.DERIVED_VERSION: (
        "hecho por otra versión: páginas y libro no se pueden rehacer; use esa versión o un acuse (--receipt)",
        "made by another version: pages and workbook cannot be remade; use that version or a receipt (--receipt)",
    ),
    Code.RECEIPT_MALFORMED: ("acuse mal escrito", "malformed receipt"),
    Code.RECEIPT_INVALID: ("el acuse no está en la bitácora", "the receipt is not in the log"),
    Code.RECEIPT_CONTRADICTS: (
        "la bitácora de este paquete no es la del acuse que guardó un tercero: se reescribió",
        "this package's log is not that of a receipt somebody kept: it was rewritten",
    ),
    Code.RECEIPT_ELSEWHERE: (
        "el acuse es de una entrada que este paquete no trae: nada dice de él",
        "the receipt is of an entry that is not in this package: it says nothing of it",
    ),
    Code.RECEIPT_DIFFERS: ("el acuse es de otro paquete", "the receipt is of another package"),
    "entry.malformed": ("entrada mal escrita", "malformed entry"),
    "entry.leaf_differs": (
        "la entrada no tiene la huella esperada",
        "the entry does not have the expected hash",
    ),
    "entry.other_log": ("entrada de otra bitácora", "entry of another log"),
    "chain.seq_not_dense": (
        "falta o sobra una entrada en la cadena",
        "an entry of the chain is missing or too many",
    ),
    "chain.prev_differs": ("la cadena está rota", "the chain is broken"),
    "payload.differs": ("el contenido no es el comprometido", "the payload is not what was committed to"),
    "payload.malformed": ("contenido mal escrito", "malformed payload"),
    "payload.missing": ("falta el contenido y nadie lo borró", "the payload is missing and nobody erased it"),
    "payload.erased": ("contenido borrado conforme a la bitácora", "payload erased according to the log"),
    "time.backwards": ("el reloj retrocedió", "the clock went back"),
    "object.missing": ("falta un archivo de evidencia", "an evidence file is missing"),
    "object.erased": ("archivo borrado conforme a la bitácora", "file erased according to the log"),
    "object.differs": (
        "archivo de evidencia distinto del sellado",
        "evidence file differs from what was sealed",
    ),
    "checkpoint.malformed": ("punto de control mal escrito", "malformed checkpoint"),
    "checkpoint.signature_invalid": ("la firma no es válida", "the signature is not valid"),
    "checkpoint.unknown_key": (
        "no está firmado con una llave de las indicadas",
        "not signed by a key you gave",
    ),
    "checkpoint.other_log": ("punto de control de otra bitácora", "checkpoint of another log"),
    "log.forked": (
        "el punto de control contradice al que usted ya tenía",
        "the checkpoint contradicts the one you had",
    ),
    "log.truncated": (
        "la bitácora es más corta que la que usted ya conocía",
        "the log is shorter than the one you knew",
    ),
    "checkpoint.stale": (
        "lo que se conoce de la bitácora no llega hasta la fecha pedida con --max-age",
        "what is known of the log does not reach the date asked for with --max-age",
    ),
    "key.none": (
        "no se indicó una llave de confianza (--vkey o --policy)",
        "no trusted key was given (--vkey or --policy)",
    ),
    "heads.differ": (
        "lo que la bitácora dice de las últimas entradas no es lo que sus casos dan",
        "what the log says of the newest entries is not what its cases give",
    ),
    "quorum.unmet": (
        "faltan las cofirmas de testigos que pide la política de confianza",
        "cosignatures that the trust policy asks for are missing",
    ),
    "anchor.invalid": (
        "una cofirma o un sello de tiempo no respalda lo que se dice de él",
        "a cosignature or a time stamp does not back what is said of it",
    ),
}
"""Every code a package's report can show, in Spanish and English."""
