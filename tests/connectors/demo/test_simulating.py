"""The demo's simulation is one line that names what moves."""

from connectors.demo.scenes import KROGEN, SCENES, Deliver, Simulate
from connectors.demo.simulating import simulated
from connectors.demo.world import _fact
from infra.postgres import Engine, text
from schemas.events import DayClosed
from tests.streams.daysales.days import Host

_KEEP = text("insert into flow_state values ('daysales', :t, :k, cast(:s as jsonb))")
_SETTINGS = text("insert into settings values (:t, 1, cast(:b as jsonb), 'anna', now())")


async def test_the_scene_says_what_another_mapping_would_move(engine: Engine) -> None:
    """Of all of krogen's reports in the scenes before it; cards leave one account for another."""
    [act] = [act for scene in SCENES for act in scene.acts if isinstance(act, Simulate)]
    host = Host(KROGEN.settings, KROGEN.organisation_number)
    for delivered in [act for scene in SCENES for act in scene.acts if isinstance(act, Deliver)]:
        fact = _fact(delivered.report)
        if delivered.report.tenant == KROGEN.tenant and isinstance(fact, DayClosed):
            host.tell(fact)
    async with engine.begin() as connection:
        await connection.execute(_SETTINGS, {"t": KROGEN.tenant, "b": KROGEN.settings.model_dump_json()})
        for key, state in host.remembered.states.items():
            await connection.execute(_KEEP, {"t": KROGEN.tenant, "k": key, "s": state.model_dump_json()})
    said = await simulated(engine, act)
    assert said.startswith("cards on account 1580: ")
    assert ": 1580 +" in said
    assert ", 1686 -" in said
    assert said.endswith("; nothing is sent")
