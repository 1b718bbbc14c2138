"""`/metrics` in Prometheus' text format: counts and moments, no titles, no names. Nobody may read it by default."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from fastapi import FastAPI, Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from archive_service.kernel.actors import OPERATOR
from archive_service.kernel.jobs import Job, JobState
from archive_service.kernel.setting_tables import Metrics
from archive_service.upkeep import services
from archive_service.work import Archive, Work
from preservation.incidents.clocks import is_overdue
from preservation.models import Copy
from preservation.watch_models import UNSETTLED, Alarm, AuditRun, Incident


def add_metrics(app: FastAPI, archive: Archive) -> None:
    @app.get("/metrics", include_in_schema=False)
    def metrics(request: Request) -> Response:
        """Whoever may not read it finds nothing there."""
        client = request.client.host if request.client else ""
        if not may_read(archive.settings.metrics, request.headers.get("authorization", ""), client):
            return Response("not found\n", 404, media_type="text/plain")
        return Response(write_metrics(archive), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def may_read(settings: Metrics, authorization: str, client: str) -> bool:
    kind, _, token = authorization.partition(" ")
    if settings.token is not None and kind.lower() == "bearer":
        wanted = settings.token.get_secret_value()
        if hmac.compare_digest(token.strip().encode(), wanted.encode()):
            return True
    try:
        address = ip_address(client)
    except ValueError:  # a socket, or a name: no address
        return False
    return any(address in network for network in settings.addresses)


def write_metrics(archive: Archive) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Ours(archive))
    return generate_latest(registry)


class _Ours(Collector):
    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing: else the library would collect once only to learn the names."""
        return ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with self.archive.look(OPERATOR) as work:
            yield from _copies(work)
            yield from _incidents(work)
            yield from _work(work)
            states = [(each.name, each.detail, each.state) for each in services(self.archive, work)]
        up = GaugeMetricFamily(
            "archive_service_up", "1 when the service answers.", labels=["service", "root"]
        )
        for name, detail, state in states:
            if state != "not_configured":
                answers = float(state in ("online", "slow"))
                up.add_metric([name, detail if name == "root" else ""], answers)
        yield up


def _copies(work: Work) -> Iterator[GaugeMetricFamily]:
    copies = GaugeMetricFamily("archive_copies", "Copies by root and state.", labels=["root", "state"])
    groups = select(Copy.root_id, Copy.state, func.count()).group_by(Copy.root_id, Copy.state)
    for root, state, number in work.session.execute(groups):
        copies.add_metric([root, state.value], number)
    yield copies
    oldest = GaugeMetricFamily(
        "archive_oldest_check_timestamp_seconds",
        "When the copy that waits longest for its check was last verified.",
        labels=["root"],
    )
    for root, at in work.session.execute(
        select(Copy.root_id, func.min(Copy.verified_at)).group_by(Copy.root_id)
    ):
        if at is not None:
            oldest.add_metric([root], at.timestamp())
    yield oldest


def _incidents(work: Work) -> Iterator[GaugeMetricFamily]:
    found = GaugeMetricFamily("archive_open_incidents", "Incidents not closed, by kind.", labels=["kind"])
    groups = select(Incident.kind, func.count()).where(Incident.state.in_(UNSETTLED)).group_by(Incident.kind)
    for kind, number in work.session.execute(groups):
        found.add_metric([kind], number)
    yield found
    late = work.session.scalar(select(func.count()).select_from(Incident).where(is_overdue(work)))
    yield GaugeMetricFamily("archive_overdue_reports", "Incidents whose report is overdue.", value=late)


def _work(work: Work) -> Iterator[GaugeMetricFamily]:
    stuck = select(func.count()).select_from(Job).where(Job.state == JobState.stuck)
    waits = select(func.count()).select_from(Alarm).where(Alarm.sent_at.is_(None))
    yield GaugeMetricFamily(
        "archive_jobs_stuck", "Jobs that failed many times.", value=work.session.scalar(stuck) or 0
    )
    yield GaugeMetricFamily(
        "archive_alarms_unsent", "Alarms not sent yet.", value=work.session.scalar(waits) or 0
    )
    last = GaugeMetricFamily(
        "archive_last_audit_timestamp_seconds", "When an audit last finished, by kind.", labels=["kind"]
    )
    finished = select(AuditRun.kind, func.max(AuditRun.finished_at)).where(AuditRun.stopped == "")
    for kind, at in work.session.execute(finished.group_by(AuditRun.kind)):
        if at is not None:
            last.add_metric([kind], at.timestamp())
    yield last
