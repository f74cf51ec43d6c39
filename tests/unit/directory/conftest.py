"""A small invented directory and what its rows may name."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from consent.model import Agreement
from consent.model.words import Category, Purpose
from hub.directory import Known
from hub.model.directory import Agency, Service, Site, System, Worker
from hub.ports import Directory
from tests.fakes import SeededIds

HARBOUR = Agency("harbour", "Harbour Settlement", "general", "ca-on", "delivery.HAAAAAAAAAAA")
LAKESIDE = Agency("lakeside", "Lakeside Housing", "general", "ca-on", "delivery.LAAAAAAAAAAA")


@pytest.fixture
def known() -> Known:
    return Known(
        directory=Directory(
            version=1,
            stopped=False,
            agencies={"harbour": HARBOUR, "lakeside": LAKESIDE},
            systems={
                "harbour-cms": System("harbour-cms", "harbour", "cms"),
                "lakeside-cms": System("lakeside-cms", "lakeside", "cms"),
                "lakeside-rooms": System("lakeside-rooms", "lakeside", "housing"),
                "harbour-rooms": System("harbour-rooms", "harbour", "housing"),
            },
            services=(Service("lakeside-rooms", "lakeside", "housing", "Rooms", "lakeside-cms"),),
            sites=(Site("cms", "L1", "lakeside"), Site("cms", "H1", "harbour")),
            workers={"h-worker-1": Worker("h-worker-1", "harbour", "worker")},
            agreements=(
                Agreement(
                    "harbour-lakeside",
                    1,
                    ("harbour", "lakeside"),
                    (Purpose.REFERRAL,),
                    (Category.IDENT,),
                    ("add-service-request",),
                    "active",
                    datetime(2025, 1, 1, 5, tzinfo=UTC),
                ),
            ),
        ),
        ids=SeededIds(),
        kinds=("cms", "housing"),
        receiving=("cms",),
        packs=("ca-on",),
        categories=frozenset(Category),
        purposes=frozenset(Purpose),
        events=frozenset({"add-service-request", "notify-update-process-request"}),
        bodies=("CRISIS", "HOSPITAL"),
        zone=ZoneInfo("America/Toronto"),
    )
