"""Who may sign what: grants, pairs and the lists of those an epoch was made for."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from amparo.foundation import ids
from amparo.vault import server
from amparo.vault.keys import id_of, public_of, rotation_key, trusted
from amparo.vault.models import Epoch, Grant, PairWrap, Principal
from amparo.vault.primitives import LENGTH, SIGNATURE, CannotOpen, PublicKey, ctx, digest

Row = TypeVar("Row", Grant, PairWrap)


@dataclass(frozen=True, order=True)
class Share:
    """One line of a list of recipients: who, what for, until when (None: until it is taken back)."""

    principal: ids.Id
    purpose: str
    until: date | None = None

    @property
    def line(self) -> list[str]:
        """The share as it stands in an epoch's signed list."""
        return [str(self.principal), self.purpose, self.until.isoformat() if self.until else ""]


def grant_context(
    case: ids.Id, compartment: str, epoch: int, to: PublicKey, purpose: str, until: date | None
) -> bytes:
    """What a grant is bound to."""
    return ctx("grant", case, compartment, epoch, to.fingerprint, purpose, until or "")


def pair_context(
    case: ids.Id, compartment: str, epoch: int, first: PublicKey, second: PublicKey, layer: str
) -> bytes:
    """What one of the two wraps of a pair is bound to."""
    return ctx("pair", case, compartment, epoch, first.fingerprint, second.fingerprint, layer)


def list_text(epoch: Epoch) -> bytes:
    """What the signature of an epoch's list covers."""
    recipients = json.dumps(epoch.recipients, separators=(",", ":")).encode()
    return ctx("recipients", epoch.case, epoch.compartment, epoch.number, recipients)


# Grants whose signature was found good, to the last byte. What was good once is good for ever, so a
# list that is opened by another officer does not ask all of it anew.
REMEMBERED = 100_000
_good: set[bytes] = set()


class Signers:
    """Decides whether grants were signed by somebody who may; remembers what it has looked up.

    Staff may sign when a founder's chain vouches for them; a defender for the one case whose id
    follows from their key; the server's rotation key only for somebody on the last list that a person
    signed. Lives for one question: what is looked up is never older than that.
    """

    def __init__(self, rows: Iterable[Grant | PairWrap] = ()) -> None:
        self._principals: dict[ids.Id, Principal | None] = {}
        self._trusted: dict[ids.Id, bool] = {}
        self._founders = b""
        rows = list(rows)
        if len(rows) > 1:
            self._principals = {
                row.id: row for row in Principal.objects.filter(id__in={one.signer for one in rows})
            }

    def remember(self, signer: ids.Id, context: bytes, signature: bytes, wrap: bytes) -> None:
        """A grant was checked in full. What the server alone has signed is checked anew each time, for
        it depends on the lists of that day."""
        if self.principal(signer).kind == "rotation":
            return
        if len(_good) >= REMEMBERED:
            _good.clear()
        if len(signature) == SIGNATURE:
            _good.add(self._mark(signer.hex, context, signature, wrap))

    def knows(self, signer: str, context: bytes, signature: bytes, wrap: bytes) -> bool:
        """Whether this very grant was checked before in this process. `signer`: 32 hex digits."""
        if len(signature) != SIGNATURE:
            return False
        return self._mark(signer, context, signature, wrap) in _good

    def _mark(self, signer: str, context: bytes, signature: bytes, wrap: bytes) -> bytes:
        if not self._founders:
            self._founders = digest(ctx("founders", *server.load().founders))
        # Injective: what has no length of its own here is always as long.
        length = LENGTH(len(wrap))
        return digest(self._founders, signer.encode(), signature, length, wrap, context)

    def principal(self, wanted: ids.Id) -> Principal:
        """A signer's row, or CannotOpen."""
        if wanted not in self._principals:
            self._principals[wanted] = Principal.objects.filter(id=wanted).first()
        row = self._principals[wanted]
        if row is None:
            raise CannotOpen
        return row

    def trusts(self, row: Principal) -> bool:
        """Whether a founder's chain leads to this person or team."""
        if row.id not in self._trusted:
            self._trusted[row.id] = trusted(row)
        return self._trusted[row.id]

    def of(self, row: Grant | PairWrap, line: list[str]) -> PublicKey:
        """The public key of a grant's signer, or CannotOpen when it may not make that grant."""
        signer = self.principal(row.signer)
        if signer.kind == "rotation":
            self._check_rotation(row, line, signer)
        elif not self.may_sign(signer, row.case):
            raise CannotOpen
        return public_of(bytes(signer.public))

    def genuine(self, rows: Iterable[Row]) -> list[Row]:
        """Those of some grants or pairs that were made by somebody who may. What was planted, or is no
        longer as it was signed, is carried into no new epoch and onto no signed list."""
        return [row for row in rows if self._is_genuine(row)]

    def _is_genuine(self, row: Grant | PairWrap) -> bool:
        try:
            line, label, context = self._said(row)
            signed = ctx(label, context, digest(bytes(row.wrap)))
            self.of(row, line).verify(bytes(row.signature), signed)
        except CannotOpen:
            return False
        return True

    def _said(self, row: Grant | PairWrap) -> tuple[list[str], str, bytes]:
        place = row.case, row.compartment, row.epoch
        if isinstance(row, Grant):
            to, share = self._public(row.grantee), Share(row.grantee, row.purpose, row.until)
            return (
                share.line,
                "grant-signature",
                grant_context(*place, to, share.purpose, share.until),
            )
        first, second = self._public(row.first), self._public(row.second)
        line = [f"{row.first}+{row.second}", "pair", ""]
        return line, "pair-signature", pair_context(*place, first, second, "outer")

    def _public(self, whose: ids.Id) -> PublicKey:
        return public_of(bytes(self.principal(whose).public))

    def may_sign(self, signer: Principal, case: ids.Id) -> bool:
        """Staff anywhere; a defender in the case that follows from their key."""
        if signer.kind == "defender":
            return id_of(public_of(bytes(signer.public)), "case") == case
        return signer.kind == "person" and self.trusts(signer)

    def _check_rotation(self, row: Grant | PairWrap, line: list[str], signer: Principal) -> None:
        if bytes(signer.public) != rotation_key().public.raw:
            raise CannotOpen
        known = self._last_signed_list(row.case, row.compartment, row.epoch, signer.id)
        if not any(self._same_seat(line, listed) for listed in known.recipients):
            raise CannotOpen

    def _last_signed_list(
        self, case: ids.Id, compartment: str, epoch: int, rotation: ids.Id
    ) -> Epoch:
        """The newest list up to an epoch that a person, not the server, has signed."""
        row = (
            Epoch.objects.filter(case=case, compartment=compartment, number__lte=epoch)
            .exclude(signer=rotation)
            .order_by("-number")
            .first()
        )
        if row is None:
            raise CannotOpen
        signer = self.principal(row.signer)
        if not self.may_sign(signer, case):
            raise CannotOpen
        public_of(bytes(signer.public)).verify(bytes(row.signature), list_text(row))
        return row

    def _same_seat(self, line: list[str], listed: list[str]) -> bool:
        """Whether a line stands for what was listed: the same principal, or the team that took its
        place (a person signed that), with the same purpose and no later last day."""
        if line[1] != listed[1] or (line[2] or "9") > (listed[2] or "9"):
            return False
        seat = line[0]
        while seat != listed[0]:
            place = ids.parse(seat)
            row = Principal.objects.filter(id=place, kind="team").first() if place else None
            if row is None or row.succeeds is None or not self.trusts(row):
                return False
            seat = str(row.succeeds)
        return True
