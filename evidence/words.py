"""Digests as six Spanish words: an aid for people who compare two screens or read a digest aloud, and nothing more.

Each of the digest's first six bytes picks one of 256 short, unlike nouns. Six words are 48 bits: enough to notice that
two papers differ, far too few to prove that they agree. Verification always uses the whole digest.

>>> digest_words("00ff10" + "0" * 58)
('abeja', 'zorro', 'arado', 'abeja', 'abeja', 'abeja')
"""

from __future__ import annotations

WORDS_SHOWN = 6

WORDS: tuple[str, ...] = tuple(
    """
    abeja abeto abril acero agua ajedrez alba alcoba aldea aljibe alondra altar anaquel ancla anillo
    anzuelo arado arce arcilla arena armario arpa arroyo asiento astro azulejo balanza balsa banco
    bandera barca barro bellota bisagra bodega bosque bota brasa broche bronce burbuja butaca cacao
    cactus camino campana canal candado canela canoa cantera caoba carreta cascada cebada cedro
    ceiba cera cerezo cesta ciervo cigarra cima ciruela cisne clavel cobre coco colina cometa copal
    corcho corona cristal cuadro cubo cuenco cuerda cueva cumbre cuna dibujo durazno encina enero
    ermita escoba espejo espiga esquina establo estufa farol feria fiesta flauta flecha flor fogata
    fresa fruta fuente gacela gallo ganso garza gaviota gema girasol globo granja guante hacha
    hamaca harina hebra helecho hielo higuera hoja horno huella huerta isla jade jarra jinete joya
    juguete julio junco lago lana laurel letra libro lince lirio llave lluvia loma madera maleta
    manta manzana mapa marea marfil marzo mayo mesa metal miel milpa mina mirlo molino moneda monte
    mosaico muelle museo naranja nave nido niebla nieve nogal noria nube nuez oasis oliva olmo onda
    orilla ostra oveja palmera paloma papel parque patio perla piedra pizarra planeta plata pluma
    polen pomelo portal potro pozo pradera puerto quetzal rama ranura reloj remo resina ribera roble
    romero rosa rueda sabana sauce seda selva semilla sendero sierra silla sirena sol sombra sonaja
    surco tablero taller tambor tapiz taza teatro tejado telar templo tigre tinaja tinta tomillo
    torre tortuga trenza trigo trompo trueno uva vajilla vasija vaso vela velero venado ventana
    verano vereda viento viga yegua zafiro zanja zapato zorro
    """.split()
)
"""One noun a byte: four to seven plain letters, no accent to forget, no two with the same first four letters, none
that turns into another by changing, adding or dropping one letter. The list never changes: old papers quote it."""


def digest_words(digest_hex: str) -> tuple[str, ...]:
    """The words of a digest (hex, at least 12 digits).

    Raises:
        ValueError: not hex, or too short.
    """
    digest = bytes.fromhex(digest_hex)
    if len(digest) < WORDS_SHOWN:
        raise ValueError(f"a digest of {len(digest)} bytes is too short for {WORDS_SHOWN} words")
    return tuple(WORDS[byte] for byte in digest[:WORDS_SHOWN])
