"""What piles up in a queue while nobody takes from it: not every sweep's nudges."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from redis import Redis

from archive_service.kernel.queues import EXPIRES_SECONDS, CeleryQueue, InProcessQueue


def test_a_job_that_waits_is_in_the_queue_once_however_often_it_is_nudged() -> None:
    queue, job_id = InProcessQueue(), uuid4()
    for _ in range(1_000):
        queue.nudge(job_id)
    assert queue.length == 1


def test_a_job_that_was_taken_may_be_nudged_again() -> None:
    queue, job_id, done = InProcessQueue(), uuid4(), threading.Semaphore(0)
    ran: list[UUID] = []

    def run(given: UUID) -> None:
        ran.append(given)
        done.release()

    queue.start(run)
    for _ in range(2):
        queue.nudge(job_id)
        assert done.acquire(timeout=10)
    queue.close()
    assert ran == [job_id, job_id]


def test_a_message_in_the_broker_does_not_outlive_its_use(redis_url: str) -> None:
    url = redis_url.rpartition("/")[0] + "/9"  # a database that no worker listens to
    queue = CeleryQueue(url)
    queue.nudge(uuid4())
    with Redis.from_url(url) as redis:
        (message,) = redis.lrange("archive", 0, -1)
        redis.delete("archive")
    queue.close()
    until = datetime.fromisoformat(json.loads(message)["headers"]["expires"])
    assert timedelta(0) < until - datetime.now(UTC) <= timedelta(seconds=EXPIRES_SECONDS)
