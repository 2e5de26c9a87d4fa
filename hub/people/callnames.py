"""Names that Dutch people with one official name are called by.

An official record says Johannes, the directory says Hans: that is no contradiction. A name may stand
in several groups, so Bert agrees with Albertus and with Hubertus, which do not agree with each other.
"""

from collections import defaultdict
from collections.abc import Mapping

_GROUPS = """
johannes jan johan hans joh jo john
johanna jo joke hanna hanneke janneke jannie
cornelis kees cees cor
cornelia cor corrie cora
petrus pieter piet peter
wilhelmus willem wim wil
wilhelmina wil mien mina willy
hendrik hendrikus hendricus henk hein rik
hendrika hennie riek rika
gerardus gerard geert ger
gerardina gerda ger
jacobus jacob jaap koos sjaak
jacoba coba co
adrianus adriaan ad arie aad
adriana adrie jana
antonius anton ton toon antoon
antonia toos tonnie
theodorus theo dorus
theodora thea dora
franciscus frans
francisca cis francien
martinus martin maarten tinus rien
maria marie ria mia mieke miep marijke
elisabeth els elly lies liesbeth bep betty
catharina cato trijn rina toos tineke
margaretha greet greetje margriet marga
anna an anneke annie ans
geertruida truus geertje trudy
alida aleida ali
hubertus huub bert
albertus albert bert
lambertus lambert bert
egbertus egbert bert
gijsbertus gijsbert gijs bert
bernardus bernard ben
bartholomeus bart
nicolaas nico klaas niek
christiaan christian chris
christina chris stien tineke
leonardus leo leon leendert
matthijs mathijs thijs matthias
robertus robert rob
ronaldus ronald ron
eduard edward ed
alexander alex sander lex
alexandra sandra
thomas tom
stephanus stefan steven stef
josephus jozef jos sjef
josephina jos fien
paulus paul
marcus mark marc marco
michael michiel michel
laurentius laurens
augustinus guus
dirk derk diederik
rudolf ruud
mohamed mohammed muhammad mohammad
frederik fredericus fred frits freek
arnoldus arnold nol
simon siem
sebastiaan bas
"""


def _numbered() -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for number, line in enumerate(_GROUPS.strip().splitlines()):
        for name in line.split():
            found[name].add(number)
    return {name: frozenset(numbers) for name, numbers in found.items()}


_NUMBERS = _numbered()
_OFFICIAL = [line.split()[0] for line in _GROUPS.strip().splitlines()]


def share_a_name(one: str, other: str) -> bool:
    """Whether both may be what one person is called; each in plain small letters."""
    none: frozenset[int] = frozenset()
    return one == other or bool(_NUMBERS.get(one, none) & _NUMBERS.get(other, none))


def official(name: str) -> frozenset[str]:
    """The official names that this may stand for, itself among them."""
    return frozenset({name, *(_OFFICIAL[number] for number in _NUMBERS.get(name, ()))})
