"""Signing secrets at the desk and in verbs: replaced with an overlap, ended, and who did it."""

from typing import Any

import pytest

from infra.accounts.permissions import DeskRole
from tests.connectors.desk.web.test_signing_in import visit
from tests.connectors.desk.web_driver import Visitor, words

pytestmark = pytest.mark.usefixtures("desk")

PAGE = "/companies/krogen/connections"
SECRET = "/companies/krogen/sources/openpos/secret"
END = "/companies/krogen/sources/openpos/old-secrets/end"


def test_an_admin_replaces_a_secret_and_sees_until_when_the_old_one_is_good(desk: Any) -> None:
    """And who still signs with it; ended, or leaked, it is gone from the page. All of it is on record."""

    async def story(visitor: Visitor) -> None:
        await visitor.is_signed_in_as(DeskRole.ADMIN, "krogen")
        assert "Only this one is good now" in words((await visitor.post(SECRET)).text)
        replaced = words((await visitor.post(SECRET, {"hours": "48"})).text)
        assert "The old one is good meanwhile, see below." in replaced
        assert "nobody has used it since" in replaced
        assert (await visitor.post(END)).status_code == 303
        assert "is good until" not in await visitor.see(PAGE)
        assert (await visitor.post(END)).status_code == 409
        for wrong in ("0", "721", "1e3", "-1", "", "9" * 5000, "²"):
            refused = await visitor.post(SECRET, {"hours": wrong})
            assert (refused.status_code, "720 at most" in refused.text) == (422, True), wrong
            assert "whsec_" not in refused.text
        await visitor.post(SECRET)
        assert "is good until" in await visitor.see(PAGE)
        assert "Only this one is good now" in words((await visitor.post(SECRET, {"now": "1", "hours": "x"})).text)
        assert "is good until" not in await visitor.see(PAGE)
        assert "a new signing secret, and the old one ended at once" in await visitor.see("/companies/krogen/people")
        assert (await visitor.post(END.replace("openpos", "nobody"))).status_code == 404

    visit(story)
    told = [one["value"] for one in desk.json("desk", "history") if one["subject"] == "openpos"]
    assert told == ["renewed_at_once", "renewed", "old_ended", "renewed", "renewed"]


@pytest.mark.parametrize("role", [DeskRole.VIEWER, DeskRole.ACCOUNTANT, DeskRole.APPROVER])
def test_only_an_admin_replaces_and_ends(role: DeskRole) -> None:
    """Everybody sees how it stands."""

    async def story(visitor: Visitor) -> None:
        await visitor.is_signed_in_as(DeskRole.ADMIN, "krogen")
        await visitor.post(SECRET)
        await visitor.post(SECRET)
        visitor.http.cookies.clear()
        await visitor.is_signed_in_as(role, "krogen")
        for act in (SECRET, END):
            assert (await visitor.post(act)).status_code == 403
        page = await visitor.see(PAGE)
        assert "is good until" in page
        assert "End the old" not in page

    visit(story)


def test_the_verb_does_what_the_page_does(desk: Any) -> None:
    """It tells until when the old one is good and what to do then; --now ends it; what cannot be is refused."""
    desk("tenant", "add", "acme")
    said = desk("tenant", "secret", "acme", "openpos").stdout
    assert "signing secret for openpos (shown once): whsec_" in said
    assert "the old one for openpos is good until 20" in said
    assert "bokbuss tenant secret acme SYSTEM --end-old" in said
    [old] = desk.json("connection", "show", "acme")["old_secrets"]
    assert (old["system"], old["used_at"]) == ("openpos", None)
    shown = desk("connection", "show", "acme").stdout
    assert "openpos: a signing secret replaced" in shown
    assert "nobody has used it since" in shown
    assert desk.json("tenant", "secret", "acme", "openpos", "--end-old")["ended"] == 1
    assert "nothing has changed" in desk.refused(1, "tenant", "secret", "acme", "openpos", "--end-old")
    told = desk.json("tenant", "secret", "acme", "openpos", "--hours", "2")
    assert list(told["old_good_until"]) == ["openpos"]
    assert desk.json("tenant", "secret", "acme", "openpos", "--now")["old_good_until"] == {}
    assert len(desk.json("tenant", "add", "acme", "--new-secrets")["old_good_until"]) > 1
    assert desk.json("tenant", "add", "acme", "--new-secrets", "--now")["old_good_until"] == {}
    assert desk.json("connection", "show", "acme")["old_secrets"] == []
    for wrong in (
        ("tenant", "secret", "acme", "openpos", "--now", "--hours", "2"),
        ("tenant", "secret", "acme", "openpos", "--end-old", "--now"),
        ("tenant", "secret", "acme", "openpos", "--hours", "721"),
        ("tenant", "add", "acme", "--now"),
    ):
        assert desk.run(*wrong).exit_code == 2, wrong
