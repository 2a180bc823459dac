"""How something failed: told in words that hold none of the values it was given."""

from traceback import walk_tb


class FlowFailed(Exception):
    """A flow cannot decide a message.

    Attributes:
        code: the name of what was raised, such as ``KeyError``.
        rule: the innermost function of the flow that it was raised in.
    """

    def __init__(self, text: str, code: str, rule: str) -> None:
        self.code = code
        self.rule = rule
        super().__init__(text)


def named(error: BaseException) -> str:
    """Return what an error is called: of one that the database told, as it names it (``DiskFull``)."""
    return type(error).__name__


def raised_in(error: Exception, *, beside: str = "") -> tuple[str, str]:
    """Return the innermost function that an exception was raised in, and module and line: of a flow if there is one.

    Args:
        beside: a module that is named only when nothing else was in it.
    """
    frames = [(at.f_globals.get("__name__", ""), at.f_code.co_name, line) for at, line in walk_tb(error.__traceback__)]
    frames = [at for at in frames if at[0] != beside] or frames
    frames = [at for at in frames if not at[1].startswith("<")] or frames  # a comprehension is named by its function
    module, name, line = ([at for at in frames if at[0].startswith("streams.")] or frames or [("", "", 0)])[-1]
    return name, f"{module}:{line}"
