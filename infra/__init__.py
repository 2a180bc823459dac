"""The host: written once, it runs every plugin the same way."""

import sys
from types import ModuleType


class _Unused(ModuleType):
    """Stands for a library's module that nobody here uses; its names are None."""

    def __getattr__(self, name: str) -> None:
        """Give every name that is looked for, but those of Python itself."""
        if name.startswith("__"):
            raise AttributeError(name)


for _part in ("scoping", "session"):  # of SQLAlchemy's asyncio: they load its ORM, 50 ms of every process
    sys.modules.setdefault(f"sqlalchemy.ext.asyncio.{_part}", _Unused(_part))
