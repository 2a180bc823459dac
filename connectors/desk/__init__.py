"""The desk: the accountant's commands and pages. It is an outside party like any other: a person who decides."""

from connectors.desk.commands import application
from connectors.desk.pages import pages
from infra.plugin import System

SYSTEM = System(name="desk", pages=pages, commands=application)
