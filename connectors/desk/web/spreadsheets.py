"""A list as a file that spreadsheets open: CSV with semicolons, in UTF-8 with the mark that Excel looks for."""

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response


def csv_file(name: str, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """Return a list as a file that is saved under a name."""
    file = io.StringIO()
    written = csv.writer(file, delimiter=";")
    written.writerow(heading)
    written.writerows([*map(_safe, cells)] for cells in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(file.getvalue().encode("utf-8-sig"), headers=headers, media_type="text/csv; charset=utf-8")


def _safe(cell: str) -> str:
    """Keep a spreadsheet from taking a text for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
