"""Takes the README's picture: the start page of a company after the demo's week, in light and at 1280 pixels.

python docs/picture.py [CHROMIUM]: plays ``bokbuss demo`` in a folder of its own and opens its desk. By hand, when pages
have changed: nothing tests a picture but whoever looks at it.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

_PICTURE: Final = Path(__file__).with_name("desk.png")
_COMPANY: Final = "krogen"


def main() -> None:
    """Play the demo to its end, take the picture, and end the demo."""
    chromium = sys.argv[1] if len(sys.argv) > 1 else shutil.which("chromium-headless-shell") or shutil.which("chromium")
    bokbuss = Path(sys.executable).with_name("bokbuss")
    with tempfile.TemporaryDirectory(prefix="bokbuss-picture-") as folder:
        environment = {**os.environ, "BOKBUSS_DATA": folder}
        with subprocess.Popen([bokbuss, "demo", "--json"], env=environment, stdout=subprocess.PIPE) as demo:  # noqa: S603 - our own
            try:
                for line in demo.stdout or ():
                    said = json.loads(line)
                    if said.get("what") == "next":
                        _take(re.findall(r"http://[^\s/]+", " ".join(said["where"]))[0], chromium)
                        break
            finally:
                demo.send_signal(signal.SIGINT)


def _take(desk: str, chromium: str | None) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light", locale="en-GB")
        page.goto(f"{desk}/companies/{_COMPANY}")
        page.screenshot(path=_PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
