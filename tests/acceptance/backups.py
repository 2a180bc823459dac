"""A database that a story stops, copies and puts back."""

import psycopg


class Backups:
    """A database, and copies of it that nobody works with."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._server = url
        self._name = psycopg.conninfo.conninfo_to_dict(self._server)["dbname"]
        self._copies: list[str] = []

    def make(self) -> str:
        """Copy the database; nobody may be connected to it."""
        name = f"{self._name}_{len(self._copies)}"
        self._copies.append(name)
        self._say(f'create database "{name}" template "{self._name}"')
        return name

    def restore(self, name: str) -> None:
        """Put a copy in the database's place."""
        self._say(
            f'drop database if exists "{self._name}" with (force)', f'create database "{self._name}" template "{name}"'
        )

    def drop(self) -> None:
        """Forget the copies."""
        self._say(*(f'drop database "{name}"' for name in self._copies))

    def _say(self, *statements: str) -> None:
        server = self._server.replace(f"/{self._name}?", "/postgres?")
        with psycopg.connect(server, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload] # names of our own
