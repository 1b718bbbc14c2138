"""Minutes and logs as PDF/A: sao lưu (TT 02/2019 PL VI, VII), phục hồi (PL VIII, IX), diễn tập.

The wording of the circular's own forms is not at hand: each paper says what the circular asks to be noted, and leaves
room for the signatures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from archive_service.backup.media import Manifest
from archive_service.backup.models import BackupKind, BackupSet, BackupState, Drill, DrillKind
from archive_service.kernel.clock import VIETNAM
from archive_service.work import Archive
from preservation.papers import draw_paper

if TYPE_CHECKING:
    from archive_service.backup.restore import RestoreReport

TEMPLATE = Path(__file__).with_name("minutes.typ")
KINDS = {BackupKind.full: "đầy đủ", BackupKind.incremental: "gia tăng"}
STATES = {
    BackupState.running: "đang chạy",
    BackupState.good: "tốt",
    BackupState.failed: "không đạt",
    BackupState.damaged: "bị hỏng",
    BackupState.expired: "đã hết hạn giữ",
}
DRILLS = {DrillKind.rebuild: "Dựng lại danh mục từ kho lưu", DrillKind.restore: "Phục hồi từ bản sao lưu"}
STEPS = {
    "set-proven": "Chọn bản sao lưu, kiểm tra chữ ký và từng byte",
    "key-fits": "Lấy khóa trong két, mở được bản sao lưu",
    "scanned": "Quét mã độc các phần đã mở",
    "database-loaded": "Nạp cơ sở dữ liệu vào nơi mới, trống",
    "compared": "So số dòng, lược đồ và chuỗi nhật ký với lúc sao lưu",
    "software-unpacked": "Lấy lại phần mềm của ngày sao lưu",
    "held-against-storage": "So danh mục với kho lưu",
}
HANDS = ("NGƯỜI THỰC HIỆN", "NGƯỜI KIỂM TRA", "THỦ TRƯỞNG ĐƠN VỊ")


@dataclass(frozen=True, slots=True)
class Table:
    heading: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Paper:
    agency: str
    title: str
    subtitle: str
    made_at: str
    parts: tuple[Table, ...]
    signers: tuple[str, ...] = HANDS
    wide: bool = False


def facts(heading: str, **told: object) -> Table:
    """Two columns; a name's underscores are spaces."""
    return Table(
        heading, ("", ""), tuple((name.replace("_", " "), str(value)) for name, value in told.items())
    )


def listed(heading: str, lines: Sequence[str]) -> Table:
    return Table(heading, ("STT", "Nội dung"), tuple((str(n), line) for n, line in enumerate(lines, 1)))


def draw(paper: Paper, at: datetime) -> bytes:
    """A PDF/A-2b, byte for byte the same for the same paper."""
    return draw_paper(TEMPLATE, at, paper=asdict(paper))


def local(at: datetime | None) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M:%S %d/%m/%Y}" if at else ""


def size_of(count: int) -> str:
    """
    >>> size_of(1234567)
    '1.234.567 byte'
    """
    return f"{count:,} byte".replace(",", ".")


def backup_minutes(archive: Archive, manifest: Manifest, dossiers: int, media: Mapping[str, str]) -> bytes:
    """biên bản sao lưu (PL VII): what, when, on which media, and that it was restored to try it."""
    now, settings = archive.clock.now(), archive.settings
    kind = KINDS[BackupKind(manifest.kind)]
    places = {medium.id: f"{medium.label} {medium.url}".strip() for medium in settings.backup}
    parts = (
        facts(
            "Bản sao lưu",
            Mã_bản=manifest.set_id,
            Hình_thức=f"Sao lưu {kind}",
            Bản_đầy_đủ_làm_gốc=manifest.base_id or "chính bản này",
            Bắt_đầu=local(datetime.fromisoformat(manifest.began_at)),
            Hệ_quản_trị=f"{manifest.database}, lược đồ {manifest.schema}",
            Số_hồ_sơ_có_siêu_dữ_liệu_XML=dossiers,
            Mục_nhật_ký_cuối=manifest.anchor["number"],
            Mã_hóa="age, khóa công khai: " + ", ".join(manifest.recipients),
        ),
        Table(
            "Phương tiện",
            ("Phương tiện", "Nơi đặt", "Kết quả"),
            tuple((each, places[each], why or "Đã ghi và đọc lại, khớp") for each, why in media.items()),
        ),
        Table(
            "Thành phần",
            ("Tệp", "Dung lượng", "SHA-256"),
            tuple((part.name, size_of(part.size), part.sha256) for part in manifest.parts),
        ),
        facts(
            "Kiểm tra",
            Phục_hồi_thử="Đã phục hồi vào nơi thử: số dòng từng bảng, lược đồ và chuỗi nhật ký khớp.",
        ),
    )
    paper = Paper(
        settings.agency, "Biên bản sao lưu", f"Sao lưu {kind} cơ sở dữ liệu và phần mềm", local(now), parts
    )
    return draw(paper, now)


def backup_log(archive: Archive, sets: Sequence[BackupSet], period: str) -> bytes:
    """nhật ký sao lưu (PL VI): every run in the period, the failed ones too."""
    now = archive.clock.now()
    head = ("STT", "Bắt đầu", "Kết thúc", "Hình thức", "Phương tiện", "Dung lượng", "Kết quả", "Mã bản")
    rows = tuple(
        (
            str(n),
            local(row.began_at),
            local(row.finished_at),
            KINDS[row.kind],
            row.medium_id,
            size_of(row.byte_count),
            f"{STATES[row.state]} {row.reason[:80]}".strip(),
            row.set_id,
        )
        for n, row in enumerate(sets, 1)
    )
    paper = Paper(
        archive.settings.agency,
        "Nhật ký sao lưu",
        period,
        local(now),
        (Table("Các lần sao lưu", head, rows),),
        wide=True,
    )
    return draw(paper, now)


def restore_minutes(archive: Archive, report: RestoreReport) -> bytes:
    """biên bản phục hồi (PL IX), with the steps of the procedure as they were done (PL VIII)."""
    now, newer = archive.clock.now(), report.newer
    parts = (
        facts(
            "Bản sao lưu đã dùng",
            Mã_bản=report.set_id,
            Phương_tiện=report.medium_id,
            Hình_thức=f"Sao lưu {KINDS[BackupKind(report.kind)]}",
            Sao_lưu_lúc=local(datetime.fromisoformat(report.made_at)),
        ),
        Table(
            "Các bước đã thực hiện",
            ("STT", "Bước", "Lúc"),
            tuple((str(n), STEPS.get(name, name), local(at)) for n, (name, at) in enumerate(report.steps, 1)),
        ),
        facts(
            "Kết quả",
            Số_dòng_đã_phục_hồi=sum(report.rows.values()),
            Mục_nhật_ký_cuối=report.log_number,
            Phần_mềm=report.software or "không yêu cầu",
            Mã_độc=f"Chưa quét hết: {report.unscanned}" if report.unscanned else "Không phát hiện",
            So_với_chính_nó="Số dòng từng bảng, lược đồ và chuỗi nhật ký khớp với lúc sao lưu.",
        ),
        facts(
            "So với kho lưu",
            Hồ_sơ_mới_hơn_bản_sao_lưu=newer.stored,
            Hồ_sơ_đã_thay_đổi=newer.changed,
            Hồ_sơ_đã_hủy=newer.gone,
            Mục_nhật_ký_sau_bản_sao_lưu=newer.log_entries,
            Đối_tượng_hệ_thống_mới_hơn=newer.system,
        ),
        listed("Đối tượng mới hơn (đến 100 đối tượng)", newer.examples),
    )
    paper = Paper(
        archive.settings.agency,
        "Biên bản phục hồi dữ liệu",
        f"Từ bản sao lưu {report.set_id}",
        local(now),
        parts,
    )
    return draw(paper, now)


def drill_minutes(archive: Archive, drill: Drill) -> bytes:
    """biên bản diễn tập: what was tried, how long it took, what differed and which record came back."""
    told = drill.report
    canary = told.get("canary", {})
    parts = (
        facts(
            "Diễn tập",
            Loại=DRILLS[drill.kind],
            Bắt_đầu=local(drill.began_at),
            Kết_thúc=local(drill.finished_at),
            Thời_gian=f"{told['seconds']:.1f} giây",
            Bản_sao_lưu=f"{told.get('set', '')} {told.get('medium', '')}".strip() or "không dùng",
            Kết_quả="ĐẠT" if drill.passed else "KHÔNG ĐẠT",
            Số_dòng_đã_so=told.get("rows", 0),
        ),
        facts(
            "Hồ sơ thử do kho tự chọn",
            Hồ_sơ=canary.get("dossier"),
            SHA_512_bảng_kê=canary.get("digest", ""),
            Số_tệp_đã_đọc=canary.get("files", 0),
            Kết_quả=canary.get("fault") or "Trở lại đủ, từng byte khớp",
        ),
        listed(
            "Khác biệt",
            [*told.get("differences", []), *told.get("unreadable", []), *told.get("conflicts", [])],
        ),
    )
    paper = Paper(
        archive.settings.agency, "Biên bản diễn tập", DRILLS[drill.kind], local(archive.clock.now()), parts
    )
    return draw(paper, archive.clock.now())
