"""The key store (principals, locks, memberships, epochs, grants, sessions) and, in the data, files
and the tree of the journal. What stands here in clear is the shadow; docs/THREAT_MODEL.md lists it.
"""

from django.db import models

from amparo.foundation import clock, ids


class Principal(models.Model):
    """Whoever can hold a key: a person, a team, a defender, an outside recipient, the server."""

    keystore = True
    KINDS = ("person", "team", "defender", "outside", "rotation")

    id = models.UUIDField(primary_key=True, default=ids.new)
    kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in KINDS])
    code = models.CharField(max_length=20, blank=True)  # of a team: intake, auditors, …
    public = models.BinaryField(max_length=1248)
    voucher = models.BinaryField(max_length=64, blank=True, default=b"")
    vouched_by = models.UUIDField(null=True)
    succeeds = models.UUIDField(null=True)  # the team whose place a team took when somebody left
    generation = models.PositiveIntegerField(default=0)  # moves when something is taken away
    active = models.BooleanField(default=True)
    op = models.UUIDField(null=True, db_index=True)

    class Meta:
        # Teams are looked up at every call, among as many defenders as have ever called.
        indexes = [models.Index(fields=["kind", "code"], name="teams_by_code")]


class Slot(models.Model):
    """One lock round a principal's root: opened by a passphrase, a passkey or a return code."""

    keystore = True
    KINDS = ("passphrase", "passkey", "code")

    id = models.UUIDField(primary_key=True, default=ids.new)
    principal = models.ForeignKey(Principal, on_delete=models.CASCADE, related_name="slots")
    kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in KINDS])
    find = models.BinaryField(max_length=32, unique=True)  # keyed digest of a name, or from a code
    blob = models.BinaryField(max_length=200)
    op = models.UUIDField(null=True, db_index=True)


class Factor(models.Model):
    """A second factor of a person, sealed under the server's key for factors."""

    keystore = True
    KINDS = ("totp", "passkey")

    id = models.UUIDField(primary_key=True, default=ids.new)
    principal = models.ForeignKey(Principal, on_delete=models.CASCADE, related_name="factors")
    kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in KINDS])
    sealed = models.BinaryField()
    last_step = models.BigIntegerField(default=0)  # no code is taken twice


class Membership(models.Model):
    """A team's root, wrapped to a member."""

    keystore = True

    id = models.UUIDField(primary_key=True, default=ids.new)
    team = models.ForeignKey(Principal, on_delete=models.CASCADE, related_name="members")
    member = models.ForeignKey(Principal, on_delete=models.CASCADE, related_name="memberships")
    wrap = models.BinaryField(max_length=1200)
    signer = models.UUIDField()
    signature = models.BinaryField(max_length=64)
    op = models.UUIDField(null=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "member"], name="one_membership")]


class Second(models.Model):
    """A second colleague's word for somebody on staff (`code` empty), or for their seat in a team."""

    keystore = True

    id = models.UUIDField(primary_key=True, default=ids.new)
    person = models.UUIDField()
    code = models.CharField(max_length=20, blank=True)
    signer = models.UUIDField()
    signature = models.BinaryField(max_length=64)
    op = models.UUIDField(null=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "code", "signer"], name="one_second_word")
        ]


class Epoch(models.Model):
    """One key of one compartment of one case, and the signed list of those it was made for."""

    keystore = True

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField()
    compartment = models.CharField(max_length=20)
    number = models.PositiveIntegerField()
    recipients = models.JSONField()  # [[principal, purpose, until], …] in order
    signer = models.UUIDField()
    signature = models.BinaryField(max_length=64)
    day = models.DateField(default=clock.today)
    op = models.UUIDField(null=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "compartment", "number"], name="one_epoch")
        ]
        indexes = [models.Index(fields=["compartment"], name="epochs_by_compartment")]


class Grant(models.Model):
    """A compartment's key, wrapped to somebody for a purpose: consent that is in force."""

    keystore = True

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField()
    compartment = models.CharField(max_length=20)
    epoch = models.PositiveIntegerField()
    grantee = models.UUIDField()
    purpose = models.CharField(max_length=20)
    until = models.DateField(null=True, db_index=True)
    wrap = models.BinaryField(max_length=1200)
    signer = models.UUIDField()
    signature = models.BinaryField(max_length=64)
    op = models.UUIDField(null=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "compartment", "epoch", "grantee", "purpose"], name="one_grant"
            )
        ]
        # All that somebody holds is listed without a look at the rows, which are large.
        indexes = [
            models.Index(
                fields=["grantee", "compartment", "case", "epoch", "until", "purpose"],
                name="held_by",
            )
        ]


class PairWrap(models.Model):
    """A compartment's key under two wraps, one in the other: only two persons together open it."""

    keystore = True

    id = models.UUIDField(primary_key=True, default=ids.new)
    case = models.UUIDField()
    compartment = models.CharField(max_length=20)
    epoch = models.PositiveIntegerField()
    first = models.UUIDField()
    second = models.UUIDField()
    wrap = models.BinaryField(max_length=2400)
    signer = models.UUIDField()
    signature = models.BinaryField(max_length=64)
    op = models.UUIDField(null=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "compartment", "epoch", "first", "second"], name="one_pair"
            )
        ]


class Session(models.Model):
    """A root under a key of which one half is here and the other with the person."""

    keystore = True
    KINDS = ("staff", "code", "outside")

    find = models.BinaryField(primary_key=True, max_length=32)
    principal = models.ForeignKey(Principal, on_delete=models.CASCADE, related_name="sessions")
    kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in KINDS])
    half = models.BinaryField(max_length=32)
    sealed = models.BinaryField(max_length=200)
    until = models.DateTimeField(db_index=True)


class Left(models.Model):
    """A visit that somebody has left: what a browser's history still holds of it is not answered."""

    keystore = True

    find = models.BinaryField(primary_key=True, max_length=32)
    until = models.DateTimeField(db_index=True)


class Upload(models.Model):
    """A file in sealed parts. Its manifest, with its key, lies sealed in the row that owns it."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    whole = models.BooleanField(default=False)  # closed by a manifest
    until = models.DateTimeField(null=True)  # an unfinished one dies then
    day = models.DateField(default=clock.today)


class Part(models.Model):
    """One part of an upload: a file of its own in the folder of sealed files."""

    id = models.UUIDField(primary_key=True, default=ids.new)
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)  # of the sealed bytes

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="one_part")]


class Checkpoint(models.Model):
    """A signed head of the journal's tree."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    peaks = models.BinaryField()  # hashes of the perfect subtrees, so that growing is cheap
    leaves = models.BinaryField()  # hashes of this batch, so that a bad entry can be named
    note = models.TextField()
    day = models.DateField(default=clock.today)
