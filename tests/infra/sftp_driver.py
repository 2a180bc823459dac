"""A real SFTP server in the test's process, whose files are a folder's, with users who log in by password or key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

USER, PASSWORD = "kassan", "hemligt-4711"


@dataclass
class Server:
    """A server that runs.

    Attributes:
        host_key: its public key, as it is pinned.
        client_key: a private key that opens it, besides the password.
        logins: how each login was tried.
    """

    folder: Path
    port: int = 0
    host_key: str = ""
    client_key: str = ""
    logins: list[str] = field(default_factory=list)

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Return the settings of a way in to its folder."""
        return {
            "name": "filer",
            "system": "openpos",
            "host": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "host_keys": (self.host_key,),
            "every": 1,
            "settled": 1,
            **changes,
        }

    def names(self, inner: str = ".") -> list[str]:
        """Return the files in a folder."""
        return sorted(path.name for path in (self.folder / inner).glob("*") if path.is_file())


@asynccontextmanager
async def serving(folder: Path, *, port: int = 0, key: asyncssh.SSHKey | None = None) -> AsyncIterator[Server]:
    """Serve a folder."""
    key = key or asyncssh.generate_private_key("ssh-ed25519")
    client = asyncssh.generate_private_key("ssh-ed25519")
    server = Server(folder, host_key=public(key), client_key=client.export_private_key().decode())

    class Users(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            server.logins.append(username)
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (USER, PASSWORD)

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            return username == USER and public(key) == public(client)

    def files(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(folder).encode())

    listening = await asyncssh.listen(
        "127.0.0.1", port, server_factory=Users, server_host_keys=[key], sftp_factory=files, allow_scp=False
    )
    server.port = listening.get_port()
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


def public(key: asyncssh.SSHKey) -> str:
    """Return a key's public half, as it is pinned."""
    return " ".join(key.export_public_key().decode().split()[:2])
