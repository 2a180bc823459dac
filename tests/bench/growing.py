"""The most memory that a process holds after few events and after many: bounded, or growing with them."""

from schemas.commands import PostVoucher
from tests.bench import loads
from tests.bench.house import House, filled, peak_memory, until
from tests.bench.report import Report

_COMPANIES = 40
_FEW = 1_000
_GROWTH = 1.5


async def measure(*, quick: bool) -> Report:
    """Let one flows and one sinks process work through few events, and then through many."""
    many = 20_000 if quick else 100_000
    peaks: dict[str, list[float]] = {"flows": [], "sinks": []}
    async with House(_COMPANIES) as house:
        await loads.publish(house.bootstrap, loads.settings(_COMPANIES))
        flows = house.role("flows")
        await until(lambda: house.count("settings") == _COMPANIES, 60, "settings")
        for first, upto in ((0, _FEW), (_FEW, many)):
            await loads.publish(house.bootstrap, loads.facts(upto - first, _COMPANIES, first))
            await filled(house, PostVoucher.TOPIC, upto, within=300)
            peaks["flows"].append(peak_memory(flows.pid))
        house.end(flows)
    async with House(_COMPANIES) as house:
        house.sandbox()
        sinks = house.role("sinks")
        for first, upto in ((0, _FEW), (_FEW, many)):
            await loads.publish(house.bootstrap, loads.orders(upto - first, _COMPANIES, first))
            await until(lambda upto=upto: house.count("journal") == upto, 300, "orders journaled")  # type: ignore[misc]
            peaks["sinks"].append(peak_memory(sinks.pid))
    rows = [
        {
            "what": f"{role} process",
            f"after {_FEW:,} (MiB)": few,
            f"after {many:,} (MiB)": more,
            "growth": more / few,
            "aim": f"bounded: {_GROWTH} times or less",
            "met": more / few <= _GROWTH,
        }
        for role, (few, more) in peaks.items()
    ]
    return Report(
        "Peak memory (VmHWM)", rows, [f"{_COMPANIES} companies; sinks: orders in the journal, lanes at work."]
    )
