"""Runs jobs: claims one in the ledger, does it with no transaction open, settles it. The same for thread and Celery."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from uuid import UUID

from archive_service.alarms.send import send_alarms, watch_incidents
from archive_service.backup.checks import backup_check
from archive_service.backup.duties import duties_run
from archive_service.backup.run import backup_run
from archive_service.invariants import invariants_run
from archive_service.kernel import jobs
from archive_service.kernel.actors import THE_ARCHIVE
from archive_service.kernel.memory import few_arenas, give_memory_back
from archive_service.kernel.queues import TASK, TICK, InProcessQueue, celery_app
from archive_service.kernel.settings import load_settings
from archive_service.rebuild.snapshots import keep_system_objects
from archive_service.schedulers import announced
from archive_service.work import Archive
from ingest.accept import store_sip
from ingest.process import process_sip
from ingest.receive import erase_staged, sweep_staging
from ingest.watch import watch_folder
from preservation.aips.amend import finish_amendment
from preservation.audits.fixity import nightly_audit
from preservation.audits.liveness import sound_if_silent
from preservation.audits.quick import quick_run
from preservation.audits.self_repair import note_repair, repair_copies
from preservation.audits.strays import strays_run
from preservation.reading.find import index_dossier, index_owed
from preservation.replication.replicas import copies_owed, make_copy
from preservation.roots.markers import check_roots
from preservation.roots.probes import probe_roots
from preservation.roots.remains import sweep_roots
from preservation.signatures.again import signatures_run
from preservation.system.objects import anchor
from retention.assess import assess_dossier, assess_owed
from retention.destruction.execute import execute_destruction
from retention.locks import lock_run

log = logging.getLogger(__name__)
few_arenas()
HEARTBEAT_SECONDS = 30
TICK_EXPIRES_SECONDS = 120

Handler = Callable[..., object]


#: Every kind of job and the use case that does it, in one place.
HANDLERS: dict[str, Handler] = {
    "process_sip": process_sip,
    "store_sip": store_sip,
    "erase_staged": erase_staged,
    "sweep_staging": sweep_staging,
    "watch_folder": watch_folder,
    "index_dossier": index_dossier,
    "index_owed": index_owed,
    "make_copy": make_copy,
    "copies_owed": copies_owed,
    "check_roots": check_roots,
    "probe_roots": probe_roots,
    "sweep_roots": sweep_roots,
    "fixity_run": nightly_audit,
    "quick_run": quick_run,
    "repair_copies": repair_copies,
    "note_repair": note_repair,
    "strays_run": strays_run,
    "signatures_run": signatures_run,
    "amend_dossier": finish_amendment,
    "write_system_objects": keep_system_objects,
    "anchor_log": anchor,
    "assess_dossier": assess_dossier,
    "assess_owed": assess_owed,
    "execute_destruction": execute_destruction,
    "invariants_run": invariants_run,
    "backup_run": backup_run,
    "backup_check": backup_check,
    "duties_run": duties_run,
    "lock_run": lock_run,
    "send_alarms": send_alarms,
    "watch_incidents": watch_incidents,
}


def run_job(archive: Archive, job_id: UUID) -> bool:
    """Does one job; returns False when it is not due or somebody else has it. Our faults go to its row."""
    with archive.work(THE_ARCHIVE) as work:
        claim = jobs.claim(work.session, job_id, work.now())
    if claim is None:
        return False
    with _beating(archive, claim):
        token = jobs.current_claim.set(claim)
        try:
            HANDLERS[claim.kind](archive, *claim.args)
        except jobs.LeaseLost:
            log.warning("job %s was taken over by another worker", claim.job_id)
            return False
        except Exception as error:
            jobs.current_claim.reset(token)
            token = jobs.current_claim.set(None)
            _fail(archive, claim, error)
            return True
        finally:
            jobs.current_claim.reset(token)
            give_memory_back()
    with archive.work(THE_ARCHIVE) as work:
        jobs.finish(work.session, claim, work.now())
    return True


def _fail(archive: Archive, claim: jobs.Claim, error: Exception) -> None:
    with archive.work(THE_ARCHIVE) as work:
        told = "".join(traceback.format_exception_only(error)).strip()
        incident = jobs.fail(work.session, claim, work.now(), told)
    log.error("incident %s: job %s (%s) failed", incident, claim.job_id, claim.kind, exc_info=error)


@contextmanager
def _beating(archive: Archive, claim: jobs.Claim) -> Iterator[None]:
    """Extends the lease while the job runs, so that long work is not taken for dead."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(HEARTBEAT_SECONDS):
            try:
                with archive.work(THE_ARCHIVE) as work:
                    if not jobs.heartbeat(work.session, claim, work.now()):
                        return
            except Exception:
                log.exception("heartbeat of job %s missed", claim.job_id)

    thread = threading.Thread(target=beat, name=f"heartbeat-{claim.job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def tick(archive: Archive) -> int:
    """The sweep and the timetables: nudges what was dropped, queues what is due. Harmless when run twice.

    Whatever happens to those, the dead man's switch over the audits is looked at.
    """
    try:
        return _queue_due(archive)
    finally:
        sound_if_silent(archive)


def _queue_due(archive: Archive) -> int:
    with archive.work(THE_ARCHIVE) as work:
        for kind in list(jobs.due_timetables(work.session, work.now())):
            work.owe(kind)
        waiting = jobs.due(work.session, work.now())
    for job_id in waiting:
        archive.queue.nudge(job_id)
    return len(waiting)


def drain(archive: Archive, rounds: int = 200) -> int:
    """Runs everything that is due, here and now; for the command line, the demo and tests."""
    done = 0
    for _ in range(rounds):
        with archive.look(THE_ARCHIVE) as work:
            waiting = jobs.due(work.session, work.now())
        if not waiting:
            return done
        done += sum(run_job(archive, job_id) for job_id in waiting)
    return done


def start_in_process(archive: Archive, every_seconds: float = 2.0) -> Callable[[], None]:
    """Worker threads and the ticker of the embedded default; returns what stops them."""
    stop = threading.Event()
    if isinstance(archive.queue, InProcessQueue):
        archive.queue.start(lambda job_id: run_job(archive, job_id), threads=archive.settings.workers)

    def ticking() -> None:
        while not stop.wait(every_seconds):
            try:
                tick(archive)
            except Exception:
                log.exception("tick failed; the next one follows")

    thread = threading.Thread(target=ticking, name="tick", daemon=True)
    thread.start()
    known = ExitStack()
    known.enter_context(announced(archive))

    def end() -> None:
        stop.set()
        thread.join()
        known.close()
        archive.queue.close()

    return end


def celery_worker(queue_url: str, argv: list[str]) -> None:
    """`archive worker` and `archive beat`: Celery with our two tasks."""
    archive = Archive(load_settings())
    app = celery_app(queue_url)

    def run(job_id: str) -> None:
        run_job(archive, UUID(job_id))

    def ticking() -> None:
        tick(archive)

    app.task(run, name=TASK)
    app.task(ticking, name=TICK)
    # Ticks that waited behind long jobs are dropped: the next one does all that they would have.
    app.conf.beat_schedule = {
        TICK: {"task": TICK, "schedule": 5.0, "options": {"expires": TICK_EXPIRES_SECONDS}}
    }
    if argv[:1] == ["beat"]:
        with announced(archive):
            app.Beat(schedule=str(archive.settings.data / "beat")).run()
    else:
        app.worker_main(argv)
