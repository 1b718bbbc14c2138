"""The two queues behind the port `jobs.JobQueue`: a worker thread in this process, and Celery on a broker."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from uuid import UUID

from celery import Celery

from archive_service.kernel.errors import TryLater

log = logging.getLogger(__name__)
TASK = "archive.run"
TICK = "archive.tick"
EXPIRES_SECONDS = 600


class InProcessQueue:
    """Hands ids to threads of this process. Without `start` it only collects: `worker.drain` runs them then."""

    def __init__(self) -> None:
        self._ids: queue.SimpleQueue[UUID | None] = queue.SimpleQueue()
        self._waiting: set[UUID] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def nudge(self, job_id: UUID) -> None:
        """Once is enough until a thread takes it: every sweep nudges all that waits behind a long job."""
        with self._lock:
            if job_id not in self._waiting:
                self._waiting.add(job_id)
                self._ids.put(job_id)

    @property
    def length(self) -> int:
        return self._ids.qsize()

    def start(self, run: Callable[[UUID], object], threads: int = 1) -> None:
        for number in range(threads):
            thread = threading.Thread(target=self._work, args=(run,), name=f"worker-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _work(self, run: Callable[[UUID], object]) -> None:
        while (job_id := self._ids.get()) is not None:
            with self._lock:
                self._waiting.discard(job_id)
            try:
                run(job_id)
            except (
                Exception
            ):  # the ledger notes a job's own faults; what reaches here is the database being away
                log.exception("job %s was not settled; the sweep will find it", job_id)

    def close(self) -> None:
        for _ in self._threads:
            self._ids.put(None)
        for thread in self._threads:
            thread.join(timeout=30)
        self._threads.clear()


def celery_app(url: str) -> Celery:
    """The Celery application. Messages are acknowledged on receipt: re-delivery is the ledger's, never the broker's
    (late acknowledgement over Redis repeats long tasks for ever)."""
    app = Celery("archive", broker=url)
    app.conf.update(
        task_ignore_result=True,
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
        # One quick try: whoever nudges holds a request open, and what is not sent the sweep finds.
        broker_transport_options={
            "socket_timeout": 5,
            "socket_connect_timeout": 3,
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0,
            "interval_max": 0,
        },
        task_publish_retry=False,
        task_default_queue="archive",
        task_serializer="json",
        accept_content=["json"],
        worker_hijack_root_logger=False,
    )
    return app


class CeleryQueue:
    def __init__(self, url: str) -> None:
        self.app = celery_app(url)

    def nudge(self, job_id: UUID) -> None:
        """A broker that is away loses nothing: the row is committed, the sweep nudges again."""
        try:
            # What waited longer was nudged again by the sweep: else a worker that is away leaves millions behind.
            self.app.send_task(TASK, args=[str(job_id)], expires=EXPIRES_SECONDS)
        except Exception as error:  # kombu's and redis-py's own classes differ by transport
            log.warning("queue is away, job %s waits for the sweep: %s", job_id, error)

    def ping(self) -> None:
        try:
            with self.app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, timeout=3)
        except Exception as error:
            raise TryLater(
                "Hàng đợi tác vụ mất kết nối.", "The job queue is away.", name="queue-away"
            ) from error

    def close(self) -> None:
        self.app.close()
