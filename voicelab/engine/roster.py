"""Which provider answers to a name in this lab, and whether it may be called at all."""

from collections.abc import Iterable, Mapping

from voicelab.errors import UsageError
from voicelab.model import Batch
from voicelab.providers import PROVIDERS
from voicelab.providers import provider as from_registry
from voicelab.providers.base import Provider, is_loopback


class Roster:
    """The providers of one lab: those given to it first, else the registry's, from the environment.

    Parameters
    ----------
    given
        Provider objects that stand in for, or beside, the registry's.
    live
        Whether anything beyond this machine may be called.
    """

    def __init__(self, given: Iterable[Provider] = (), *, live: bool = False) -> None:
        self.live = live
        self._given = {provider.name: provider for provider in given}

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that may be asked for: the registry's, then those given."""
        return tuple(dict.fromkeys([*PROVIDERS, *self._given]))

    def get(self, name: str) -> Provider:
        """Return the provider called `name`, allowed to be called.

        Raises
        ------
        UsageError
            When there is none, its key is missing, or it is beyond this machine and the lab is
            not live.
        """
        provider = self.reader(name)
        if provider.base_url is not None:
            self.require_allowed(provider.base_url, name)
        return provider

    def reader(self, name: str) -> Provider:
        """Return the provider called `name` to read kept replies with, not to be called.

        Raises
        ------
        UsageError
            When there is none, or its key is missing.
        """
        return self._given.get(name) or from_registry(name)

    def require_allowed(self, url: str, name: str) -> None:
        """Raise `UsageError` when `url` leads off this machine and the lab is not live."""
        if not self.live and not is_loopback(url):
            raise UsageError(
                f"{name} would be called at {url}, and this lab is offline. Open it with "
                "Lab.open(..., live=True) (on the command line: --live) to spend money there, "
                "or point the provider at an emulator on this machine."
            )

    def of(self, batch: Batch) -> tuple[dict[str, Provider], dict[str, str]]:
        """Return the providers of a batch that can be called, and why the others cannot."""
        ready: dict[str, Provider] = {}
        refused: dict[str, str] = {}
        objects = {p.name: p for p in batch.providers if isinstance(p, Provider)}
        for name in batch.provider_names:
            try:
                ready[name] = self._from_batch(name, objects)
            except UsageError as error:
                refused[name] = str(error)
        return ready, refused

    def _from_batch(self, name: str, objects: Mapping[str, Provider]) -> Provider:
        if name not in objects:
            return self.get(name)
        self._given[name] = objects[name]
        return self.get(name)
