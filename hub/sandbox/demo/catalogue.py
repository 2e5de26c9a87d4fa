"""Every text of the demo's own page, in Dutch and English."""

from collections.abc import Mapping

from hub.events.base import Language

TEXTS: Mapping[Language, Mapping[str, str]] = {
    "nl": {
        "title": "Een ochtend met de hub",
        "intro": "Alles op deze pagina draait op deze computer, met verzonnen mensen en storingen. "
        "De pagina werkt zichzelf bij.",
        "clock": "In het verhaal is het {now}.",
        "people": "Mensen",
        "people_intro": "Een directory met {staff} collega's en een lijst met {workers} mensen uit de "
        "winkels, die geen account in de directory hebben. {name} staat in allebei en is één persoon.",
        "shown": "collega's op het intranet",
        "linked": "persoon in twee bronnen",
        "waiting": "wachten op een besluit",
        "colleagues": "Alle collega's",
        "profile": "Het profiel van {name}",
        "plan_leaver": "Wat het plan zei toen {name} uit dienst ging",
        "plan_moved": "Wat het plan zei toen de map was verplaatst",
        "plan_next": "Wie uit dienst gaat, staat hier straks eerst in het plan, met de reden.",
        "hold": "Niemand is weg: dit wacht op u",
        "hold_says": "{number} mensen zouden tegelijk hun account verliezen. {asked} Zolang niemand beslist, "
        "verandert er voor hen niets.",
        "invited": "Een code voor {name}, die nergens kan inloggen",
        "invited_says": "HR drukt een brief met een eenmalige code af. Kruip in die huid: open de link op "
        "telefoonformaat en typ personeelsnummer {number}. De code werkt één keer.",
        "came_in": "{name} is binnen met de code, die nu niets meer waard is.",
        "welcome": "De pagina voor de code",
        "paper": "De brief, met het vierkant voor de camera",
        "hub_invited": "{name} krijgt een brief met een eenmalige code.",
        "hub_came_in": "{name} is binnen met de code.",
        "hub_holds": "De hub haalt niemand weg: {number} mensen wachten op een besluit van een beheerder.",
        "hub_leaver": "De hub zet het account van {name} uit; op het intranet staat die collega niet meer.",
        "hub_decided": "Een beheerder heeft besloten; er wacht niets meer.",
        "hold_none": "Er wacht niets. Straks verplaatst iemand per ongeluk een hele map: kijk wat er dan "
        "gebeurt.",
        "hold_over": "Er is besloten: er wacht niets meer.",
        "show": "Bekijk wie het zijn",
        "release": "Laat ze gaan",
        "drop": "Houd ze; er wordt niet opnieuw om gevraagd",
        "desk": "Storingen",
        "desk_intro": "Een servicedesk maakt meldingen tot major. Binnen een minuut staan ze in een tegel; "
        "de tijdlijn blijft schoon.",
        "dashboard": "Het dashboard",
        "uithoorn": "Het dashboard in Uithoorn",
        "timeline": "De tijdlijn",
        "tile": "De eigen tegel van de hub",
        "requests": "Wat de hub aan het intranet vroeg",
        "story": "Wat er gebeurde",
        "nothing_yet": "Nog niets: het verhaal begint zo.",
        "other": "English",
        "config": "De instellingen van de hub staan in {path}.",
    },
    "en": {
        "title": "A morning with the hub",
        "intro": "Everything on this page runs on this computer, with made-up people and disturbances. "
        "The page keeps itself up to date.",
        "clock": "In the story it is {now}.",
        "people": "People",
        "people_intro": "A directory of {staff} colleagues, and a list of {workers} people in the shops "
        "who have no account in the directory. {name} is in both, and is one person.",
        "shown": "colleagues on the intranet",
        "linked": "person in two sources",
        "waiting": "wait for a decision",
        "colleagues": "All colleagues",
        "profile": "The profile of {name}",
        "plan_leaver": "What the plan said when {name} left",
        "plan_moved": "What the plan said when the branch was moved",
        "plan_next": "Whoever leaves will first stand in the plan here, with the reason.",
        "hold": "Nobody is gone: this waits for you",
        "hold_says": "{number} people would lose their account at once. {asked} As long as nobody decides, "
        "nothing changes for them.",
        "invited": "A code for {name}, who can log in nowhere",
        "invited_says": "HR prints a letter with a one-time code. Be that colleague: open the link at the "
        "size of a phone and type employee number {number}. The code works once.",
        "came_in": "{name} came in with the code, which is worth nothing any more.",
        "welcome": "The page for the code",
        "paper": "The letter, with the square for the camera",
        "hub_invited": "{name} gets a letter with a one-time code.",
        "hub_came_in": "{name} came in with the code.",
        "hub_holds": "The hub takes nobody away: {number} people wait for an administrator's decision.",
        "hub_leaver": "The hub switches the account of {name} off; the intranet shows them no more.",
        "hub_decided": "An administrator decided; nothing waits any more.",
        "hold_none": "Nothing waits. Soon somebody moves a whole branch by mistake: see what happens then.",
        "hold_over": "It was decided: nothing waits any more.",
        "show": "See who they are",
        "release": "Let them go",
        "drop": "Keep them; it is not asked again",
        "desk": "Disturbances",
        "desk_intro": "A service desk makes incidents major. Within a minute they stand in a tile; the "
        "timeline stays clean.",
        "dashboard": "The dashboard",
        "uithoorn": "The dashboard in Uithoorn",
        "timeline": "The timeline",
        "tile": "The hub's own tile",
        "requests": "What the hub asked of the intranet",
        "story": "What happened",
        "nothing_yet": "Nothing yet: the story is about to begin.",
        "other": "Nederlands",
        "config": "The hub's settings stand in {path}.",
    },
}
