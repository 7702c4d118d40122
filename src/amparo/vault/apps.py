"""The app's place in Django's registry; the library's hybrid KEM is tried before anything runs."""

from django.apps import AppConfig


class Vault(AppConfig):
    """Tables of the vault."""

    name = "amparo.vault"
    label = "vault"

    def ready(self) -> None:
        """Refuse to start without the primitives; give the journal its sealer."""
        from amparo.foundation import journal
        from amparo.vault import log, primitives

        primitives.self_test()
        journal.use(log.seal_detail)
