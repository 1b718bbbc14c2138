"""A new medium: prepared once by a person, so that a disk that is not there is never taken for an empty one."""

from __future__ import annotations

from archive_service.backup.media import Marker, open_medium, prepare_medium
from archive_service.kernel.actors import Actor
from archive_service.kernel.errors import NotPossible
from archive_service.kernel.events import Verb
from archive_service.kernel.state import archive_state
from archive_service.work import Archive


def prepare(archive: Archive, actor: Actor, medium_id: str) -> Marker:
    """Writes our marker to the empty medium; again on one of ours it changes nothing. Raises `ForeignMedium`."""
    medium = next((each for each in archive.settings.backup if each.id == medium_id), None)
    if medium is None:
        raise NotPossible(
            f"Cài đặt không có phương tiện sao lưu {medium_id}.", f"There is no [[backup]] named {medium_id}.",
            name="no-such-medium",
        )  # fmt: skip
    with archive.look(actor) as work:
        archive_id, now = str(archive_state(work.session).archive_id), work.now().isoformat()
    store = open_medium(archive.settings, medium)
    store.create()
    marker = prepare_medium(store, medium, archive_id, now)
    if marker.created_at == now:
        with archive.work(actor) as work:
            work.record_of(Verb.medium_prepared, "backup_medium", medium_id, marker=marker.marker_id)
    return marker
