"""Who is meant by an id, an address or a source's id, and everything that names the person: from what is kept.

Does not belong here: taking the person out of it (`flows.stages.erasing`).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace

from config.csv_tables import read_table
from config.errors import ConfigError, OutsideError, UsageError
from config.faults import did_you_mean
from config.models import Config, Identity
from flows.erased import HR, Erased, SourceId
from flows.sources import read_batches, read_landing
from flows.state.paths import StateRoot
from transforms.compose import report_id
from transforms.pseudonyms import PSEUDONYM, phrases_of, pseudonym, units_of
from transforms.scope import normalised

_NAMED_IN_FAULT = 5
_LONGEST_HINT = 200


@dataclass(frozen=True, slots=True)
class Person:
    """A person to be forgotten, as nothing may know them afterwards. `number` makes the pseudonym."""

    number: int
    ids: tuple[SourceId, ...]
    names: tuple[str, ...] = ()
    shared_names: tuple[str, ...] = ()
    """Names that another associate or a unit has too: they are not looked for in texts."""
    addresses: tuple[str, ...] = ()
    units: tuple[str, ...] = ("associate", "manager")
    """Kinds of units that carry the person's id."""

    @property
    def name(self) -> str:
        """What stands for the person."""
        return pseudonym(self.number)

    @property
    def associates(self) -> tuple[str, ...]:
        """The person's ids in hr."""
        return tuple(sorted({one.text for one in self.ids if one.source == HR}))

    @property
    def all_ids(self) -> tuple[str, ...]:
        """The person's ids anywhere."""
        return tuple(sorted({one.text for one in self.ids}))

    @property
    def phrases(self) -> dict[str, str]:
        """What names the person in any text, with what stands for it."""
        return phrases_of(self.name, self.all_ids, self.names, self.addresses)

    @property
    def everywhere(self) -> dict[str, str]:
        """The same with how reports, their files and pages name the person's units."""
        files = {
            normalised(report_id(kind, one)): f"{kind}-{self.name}" for kind in self.units for one in self.associates
        }
        return units_of(self.name, self.associates, self.units) | files | self.phrases

    @property
    def report_ids(self) -> tuple[str, ...]:
        """Reports about the person."""
        return tuple(report_id(kind, one) for kind in self.units for one in self.associates)

    @property
    def single_names(self) -> tuple[str, ...]:
        """Names of one word: they may be ordinary words, and are not looked for in texts."""
        return tuple(name for name in self.names if " " not in normalised(name))

    def is_called(self, told: str) -> bool:
        """Whether an id or address is this person's."""
        return told in self.all_ids or told.casefold() in {one.casefold() for one in self.addresses}

    def as_json(self) -> dict[str, object]:
        """What is kept while the person is being erased."""
        return asdict(self)

    @classmethod
    def of_json(cls, content: dict[str, list[str]]) -> "Person":
        """Back from what was kept."""
        return cls(
            number=int(str(content["number"])),
            ids=tuple(SourceId(**one) for one in content["ids"]),  # type: ignore[arg-type]
            names=tuple(content["names"]),
            shared_names=tuple(content["shared_names"]),
            addresses=tuple(content["addresses"]),
            units=tuple(content["units"]),
        )


@dataclass
class People:
    """Everybody whom hr named in any month that is kept, and the ids of other sources that are theirs."""

    names: dict[str, set[str]] = field(default_factory=dict)
    addresses: dict[str, set[str]] = field(default_factory=dict)
    titles: set[str] = field(default_factory=set)
    of_identity: dict[SourceId, str] = field(default_factory=dict)

    def called(self, told: str) -> dict[str, str]:
        """Associates that an id, an address or a source's id stands for, with how it does."""
        found = {told: f"associate {told}"} if told in self.names else {}
        for associate in sorted(self.owners(told)):
            found.setdefault(associate, f"address of associate {associate}")
        for one, associate in self.of_identity.items():
            if one.text == told:
                found.setdefault(associate, f"id in {one.source} of associate {associate}")
        return found

    def owners(self, address: str) -> set[str]:
        """Associates whose address it is, or was in a month that is kept."""
        meant = address.casefold()
        return {who for who, known in self.addresses.items() if meant in {one.casefold() for one in known}}


def read_people(state: StateRoot, config: Config) -> People:
    """Everybody in what is kept. A landing that cannot be read names nobody."""
    people = People()
    hr_name, hr = config.hr()
    headings = {" ".join((column.source or name).split()).casefold(): name for name, column in hr.columns.items()}
    for meta in sorted(state.landings.glob(f"*/{hr_name}-*.json")):
        with suppress(OutsideError):
            for batch in read_batches(read_landing(meta)):
                at = {headings.get(" ".join(name.split()).casefold()): name for name in batch.schema.names}
                wanted = [name for column, name in at.items() if column in _READ]
                for row in batch.select(wanted).to_pylist():
                    _add(people, {column: (row.get(at[column]) or "").strip() for column in at if column in _READ})
    for identity in (*config.identities, *_kept_identities(state)):
        one = SourceId(
            identity.source.strip(),
            identity.source_id.strip(),
            f"{identity.valid_from:%Y-%m}" if identity.valid_from else "",
            f"{identity.valid_to:%Y-%m}" if identity.valid_to else "",
        )
        people.of_identity[one] = identity.associate.strip()
    return people


_READ = ("associate", "name", "given_name", "family_name", "email", "team_name")


def _add(people: People, row: dict[str | None, str]) -> None:
    associate = row.get("associate", "")
    if row.get("team_name"):
        people.titles.add(normalised(row["team_name"]))
    if not associate or PSEUDONYM.fullmatch(associate):
        return
    name = row.get("name") or f"{row.get('given_name', '')} {row.get('family_name', '')}".strip()
    people.names.setdefault(associate, set()).update({name} - {""})
    people.addresses.setdefault(associate, set()).update({row.get("email", "")} - {""})


def _kept_identities(state: StateRoot) -> Iterator[Identity]:
    for path in sorted(state.root.glob("configs/*/identities.csv")):
        with suppress(ConfigError, OSError):
            yield from (line.record for line in read_table(path, Identity, {"source_id", "associate"})[0])


def find_person(
    state: StateRoot, config: Config, erased: Erased, told: str, further: Sequence[str] = (),
    recipients: Collection[str] = (),
) -> Person:  # fmt: skip
    """Who is meant, with further addresses of theirs. `recipients` are, in small letters, all who were ever written to.

    Raises UsageError where nobody is meant or several are, or a further address is another's.
    """
    people = read_people(state, config)
    found = {who: how for who, how in people.called(told).items() if not PSEUDONYM.fullmatch(who)}
    _refuse_others(people, found, further)
    person = _found(people, config, erased, told, found)
    if person is None and told.casefold() in recipients:
        # Of whom nothing else is kept: hr's landings of then are gone.
        person = Person(_next(erased), (), addresses=(told,), units=_units(config))
    if person is None:
        raise UsageError(f"Nobody that is kept is called “{told}”.", fix=_nearest(people, told))
    return replace(person, addresses=tuple(sorted({*person.addresses, *further})))


def _refuse_others(people: People, found: Collection[str], further: Iterable[str]) -> None:
    for address in further:
        if "@" not in address:
            raise UsageError(f"“{address}” is no e-mail address.", fix="Write name@domain.")
        others = sorted(people.owners(address) - set(found))
        if others:
            raise UsageError(
                f"{address} is an address of associate {' and '.join(others)}.", fix="Erase them by themselves."
            )


def addresses_of_nobody(state: StateRoot, config: Config, addresses: Iterable[str]) -> tuple[str, ...]:
    """Those of some addresses that nobody in what is kept of hr has."""
    wanted = sorted(set(addresses))
    people = read_people(state, config) if wanted else People()
    return tuple(address for address in wanted if not people.owners(address))


def _found(people: People, config: Config, erased: Erased, told: str, found: dict[str, str]) -> Person | None:
    if len(found) > 1:
        raise UsageError(
            f"“{told}” is {' and '.join(found.values())}.", fix="Name the associate by the id in hr, or by the address."
        )
    known = _number_of(erased, config, told)
    if found:
        (associate,) = found
        return _person(people, config, associate, known or _number_of(erased, config, associate) or _next(erased))
    if known:
        # Erased before: what is still known is what was told, and lines of the configuration.
        sources = (HR, *_sources(config))
        ids = tuple(SourceId(source, told) for source in sources if erased.name_of(source, told))
        address = (told,) if "@" in told else ()
        return Person(known, ids, addresses=address, units=_units(config))
    return None


def _nearest(people: People, told: str) -> str:
    named = sorted(who for who, names in people.names.items() if normalised(told) in map(normalised, names))
    if named:
        return f"It is the name of {', '.join(named[:_NAMED_IN_FAULT])}: give the id."
    addresses = {address for known in people.addresses.values() for address in known}
    ids = {one.text for one in people.of_identity}
    hint = did_you_mean(told, sorted({*people.names, *addresses, *ids}), what="Ids and addresses are such as")
    if len(hint) >= _LONGEST_HINT:
        hint = "Give an associate's id in hr, an e-mail address, or an id of identities.csv."
    before = f" Where it was somebody's address before: yardstick erase ID --address {told}" if "@" in told else ""
    return f"{hint}{before}"


def _person(people: People, config: Config, associate: str, number: int) -> Person:
    names = people.names.get(associate, set())
    others = {
        normalised(name) for who, known in people.names.items() if who != associate for name in known
    } | people.titles
    shared = {name for name in names if normalised(name) in others}
    theirs = {one for one, who in people.of_identity.items() if who == associate}
    return Person(
        number=number,
        ids=(SourceId(HR, associate), *sorted(theirs, key=lambda one: (one.source, one.text, one.first, one.last))),
        names=tuple(sorted(names - shared)),
        shared_names=tuple(sorted(shared)),
        addresses=tuple(sorted(people.addresses.get(associate, set()))),
        units=_units(config),
    )


def _units(config: Config) -> tuple[str, ...]:
    _, hr = config.hr()
    return ("associate", "manager", "team") if hr.team_by == "manager" else ("associate", "manager")


def _sources(config: Config) -> Iterable[str]:
    return sorted({extract.identities for extract in config.extracts.values() if extract.identities})


def _number_of(erased: Erased, config: Config, told: str) -> int:
    """The number under which somebody was erased; 0 where nobody of that id or address was."""
    found = [erased.name_of(source, told) for source in (HR, *_sources(config))]
    found.append(erased.name_of_phrase(normalised(told)))
    names = [name for name in found if name]
    return _number(names[0]) if names else 0


def _number(name: str) -> int:
    return int("".join(filter(str.isdigit, name.partition("@")[0])))


def _next(erased: Erased) -> int:
    return max((person.number for person in erased.persons), default=0) + 1
