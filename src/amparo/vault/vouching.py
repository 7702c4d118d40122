"""Who stands behind whom. Two persons are two when no one colleague alone has vouched for both; in the
group whose keys open names together sits only whom a second of that group has let in.

All of it follows from signatures and from the founders pinned in the server's file; columns that
somebody has changed stand for nothing.
"""

from collections.abc import Iterable

from amparo.foundation import ids
from amparo.vault import server
from amparo.vault.keys import Ring, public_of, voucher_text
from amparo.vault.models import Principal, Second
from amparo.vault.primitives import CannotOpen, ctx, digest

GROUP = "release"  # the team whose members open names two by two
PERSON = ""  # a second word for the person, and for no seat


def second_text(row: Principal, code: str) -> bytes:
    """What a second colleague signs about somebody: that they are who they say, or that they sit in a
    team too."""
    return ctx("second", row.id, bytes(row.public), code)


class Standing:
    """How everybody on staff stands, looked up once for one question.

    A person stands on whoever vouched for them, and so on up to the first who stands on their own:
    a founder, or somebody for whom a second person's word was given. A second word counts when it
    comes from somebody who stands on another than the first.
    """

    def __init__(self) -> None:
        rows = Principal.objects.filter(kind="person")
        self._people = {row.id: row for row in rows}
        self._founders = {one for one, row in self._people.items() if _is_founder(row)}
        self._first = {
            row.id: row.vouched_by
            for row in self._people.values()
            if row.id not in self._founders and row.vouched_by in self._people
            if _signed(self._people[row.vouched_by], bytes(row.voucher), voucher_text(row))
        }
        self._seconds = {
            (row.person, row.code, row.signer): row
            for row in Second.objects.all()
            if row.person in self._people and row.signer in self._people
        }
        self._own = set(self._founders)
        self._group = set(self._founders)
        while any(self._weigh(*place) for place in self._seconds):
            pass

    def _weigh(self, person: ids.Id, code: str, signer: ids.Id) -> bool:
        """Whether a second word that did not count yet does now, as more people stand on their own."""
        counted = self._group if code == GROUP else self._own
        if person in counted or not self.may_second(signer, person, code):
            return False
        row, about = self._seconds[person, code, signer], self._people[person]
        if not _signed(self._people[signer], bytes(row.signature), second_text(about, code)):
            return False
        counted.add(person)
        self._own.add(person)
        return True

    def behind(self, person: ids.Id | None) -> bytes:
        """The public key of whom somebody stands on, themselves or a colleague; empty when nobody
        stands for them. Never an id: one founder may have written two rows with the same key."""
        row = self.stands_on(person)
        return bytes(self._people[row].public) if row else b""

    def stands_on(self, person: ids.Id | None) -> ids.Id | None:
        """On whom somebody stands."""
        seen: set[ids.Id] = set()
        while person is not None and person not in self._own:
            if person in seen:
                return None
            seen.add(person)
            person = self._first.get(person)
        return person

    def may_second(self, signer: ids.Id, person: ids.Id, code: str) -> bool:
        """Whether somebody's word would be a second one: they stand on another than the person does
        by their first, and for a seat in the group they sit in it."""
        if signer == person or (code == GROUP and signer not in self._group):
            return False
        first = self.behind(person if person in self._founders else self._first.get(person))
        other = self.behind(signer)
        return bool(first and other) and first != other

    def are_two(self, *people: ids.Id) -> bool:
        """Whether none of these stands on the same word as another."""
        behind = [self.behind(one) for one in people]
        return all(behind) and len(set(behind)) == len(behind)

    def sits(self, person: ids.Id) -> bool:
        """Whether somebody was let into the group by a second person, or founded it."""
        return person in self._group

    def may_open(self, first: ids.Id, second: ids.Id) -> bool:
        """Whether two may be a pair."""
        return self.sits(first) and self.sits(second) and self.are_two(first, second)


def check_pairs(pairs: Iterable[tuple[ids.Id, ids.Id]]) -> None:
    """CannotOpen unless each of these is a pair of two persons."""
    wanted = list(pairs)
    if wanted:
        standing = Standing()
        if not all(standing.may_open(*pair) for pair in wanted):
            raise CannotOpen


def are_two(*people: ids.Id) -> bool:
    """Whether people on staff are as many persons as they are: see `Standing`."""
    return Standing().are_two(*people)


def second(ring: Ring, person: ids.Id, code: str, *, op: ids.Id | None = None) -> None:
    """The ring's holder gives the second word for somebody, or for their seat in the group; CannotOpen
    where it would not be a second person's."""
    row = Principal.objects.filter(id=person, kind="person", active=True).first()
    if row is None or not Standing().may_second(ring.id, person, code):
        raise CannotOpen
    text = ring.person.sign(second_text(row, code))
    if not Second.objects.filter(person=person, code=code, signer=ring.id).update(signature=text):
        Second.objects.create(person=person, code=code, signer=ring.id, signature=text, op=op)


def _is_founder(row: Principal) -> bool:
    pinned = public_of(bytes(row.public)).fingerprint in server.load().founders
    return pinned and row.vouched_by == row.id


# A signature that held once holds for ever, under the same key.
KNOWN = 100_000
_held: set[bytes] = set()


def _signed(signer: Principal, signature: bytes, text: bytes) -> bool:
    mark = digest(ctx("held", bytes(signer.public), signature, text))
    if mark not in _held:
        try:
            public_of(bytes(signer.public)).verify(signature, text)
        except CannotOpen:
            return False
        if len(_held) >= KNOWN:
            _held.clear()
        _held.add(mark)
    return True
