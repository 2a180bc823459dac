"""The environment as settings: the host's own, and a section for each system that brings one."""

import json
from functools import cache
from typing import Any, Final

from pydantic import ValidationError, create_model
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from infra import registry
from infra.folders import unwritable
from infra.settings import Settings

PINNED: Final = "pinned.json"
"""In a data folder: settings that hold for whoever uses it, whatever the environment says. The demo's companies are
made up, and must not reach a real ledger from another terminal, or after the demo has ended."""


class WrongEnvironment(ValueError):
    """The environment holds what cannot be; the message names each variable, and never says a secret."""


@cache
def whole() -> type[Settings]:
    """Return the class of all settings; a system's section has the system's name."""
    brought = {name: system.settings for name, system in registry.systems().items() if system.settings is not None}
    sections: dict[str, Any] = {name: (section, section()) for name, section in brought.items()}
    return create_model("Settings", __base__=Settings, **sections)


def load() -> Settings:
    """Return the settings of this process's environment. Raises WrongEnvironment, and Unwritable of the data folder."""
    return _read(whole())


def of_host() -> Settings:
    """Return only the host's own settings; no connector is imported for that. Raises WrongEnvironment."""
    return _read(Settings)


def _read(kind: type[Settings]) -> Settings:
    try:
        settings = kind()
        return kind(**pinned) if (pinned := _pinned(settings)) else settings
    except (ValidationError, SettingsError) as error:
        if isinstance(error, SettingsError):
            raise WrongEnvironment(f"the environment is not right: {error}") from None
        problems = "".join(f"\n  {_problem(each)}" for each in error.errors(include_url=False))
        raise WrongEnvironment(f"the environment is not right:{problems}") from None


def _pinned(settings: Settings) -> dict[str, Any]:
    file = settings.data / PINNED
    try:
        pinned: dict[str, Any] = json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise unwritable(settings.data, error) from error
    except ValueError:  # without it the demo's companies would reach a real ledger
        raise WrongEnvironment(
            f"{file} is not whole: start its demo again, or name another folder (BOKBUSS_DATA)"
        ) from None
    return pinned


def _problem(error: ErrorDetails) -> str:
    name = f"BOKBUSS_{'__'.join(map(str, error['loc'])).upper()}"
    if error["type"] == "literal_error":
        choices = error["ctx"]["expected"].replace(" or ", ", ").replace("'", "")
        return f"{name}: it says {error['input']!r}; it can be: {choices}"
    return f"{name}: {error['msg'][:1].lower()}{error['msg'][1:]}"
