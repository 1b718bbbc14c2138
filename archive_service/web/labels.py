"""Status tags: object, code → words, icon, colour. The code's enums decide the codes; this table the words.

Colours are the tag tokens of the stylesheet and say whose turn or fault it is: machine (nobody), working,
turn (a person of ours), producer (the sender), ours (our fault), good, danger, hold.
"""

from __future__ import annotations

from dataclasses import dataclass

COLOURS = frozenset({"machine", "working", "turn", "producer", "ours", "good", "danger", "hold"})


@dataclass(frozen=True)
class Label:
    """`{detail}` in the words is where the caller's detail stands; without it, the detail is appended."""

    vi: str
    en: str
    icon: str
    colour: str
    vi_with: str = "{word} {detail}"
    en_with: str = "{word} {detail}"

    def words(self, language: str, detail: str | None = None) -> str:
        word, pattern = (self.en, self.en_with) if language == "en" else (self.vi, self.vi_with)
        return pattern.format(word=word, detail=detail) if detail else word


TICK, LOOP, HAND, WRENCH, DASH = "tick", "loop", "hand", "wrench", "dash"

SERVICE = {
    "online": Label("Hoạt động", "Online", TICK, "good"),
    "slow": Label("Chậm", "Slow", "clock", "turn"),
    "away": Label("Mất kết nối", "Away", WRENCH, "ours"),
    "offline": Label("Cất riêng, không nối", "Offline, put away", DASH, "machine"),
    "stopped": Label("Đã dừng kiểm tra", "Audit stopped", "pause", "danger"),
    "not_configured": Label("Chưa cài đặt", "Not set up", DASH, "machine"),
}

LABELS: dict[str, dict[str, Label]] = {
    "sip": {
        "uploading": Label("Đang tải lên", "Uploading", "up", "machine"),
        "received": Label("Đã nhận", "Received", "tray", "machine"),
        "checking": Label("Đang kiểm tra", "Checking", LOOP, "working"),
        "awaiting_decision": Label("Chờ quyết định", "Awaiting decision", HAND, "turn"),
        "returned": Label("Đã trả lại", "Returned", "back", "producer"),
        "accepted": Label("Đã tiếp nhận, đang lưu", "Accepted, being stored", LOOP, "working"),
        "stored": Label("Đã lưu trữ", "Stored", "two-ticks", "good"),
        "refused": Label("Từ chối nhận", "Refused for good", "barrier", "producer"),
        "duplicate": Label("Trùng gói đã nộp", "Same as one submitted", "copies", "machine"),
        "recalled": Label("Đã thu hồi", "Recalled", "back", "hold"),
        "quarantined": Label("Cách ly", "Quarantined", "barrier", "danger"),
    },
    # Stands beside any state: it comes from the job and is no state of the SIP.
    "fault": {
        "retrying": Label("Lỗi hệ thống, đang thử lại", "Our fault, retrying", WRENCH, "ours"),
        "waiting": Label("Lỗi hệ thống, chờ người xử lý", "Our fault, waiting for us", WRENCH, "ours"),
    },
    "finding": {
        "error": Label("Lỗi phải sửa", "Must be mended", "octagon", "producer"),
        "warning": Label("Cảnh báo", "Warning", "triangle", "turn"),
        "note": Label("Ghi chú", "Note", "info", "machine"),
    },
    "result": {"clean": Label("Không có lỗi", "No fault", TICK, "good")},
    "check": {
        "passed": Label("Đạt", "Passed", TICK, "good"),
        "not_run": Label("Chưa chạy", "Not run", DASH, "machine"),
        "not_met": Label("Chưa đạt", "Not met", "hourglass", "turn"),
        "could_not_run": Label(
            "Không chạy được, lỗi hệ thống", "Could not run, system error", WRENCH, "ours"
        ),
    },
    "malware": {
        "clean": Label("Không phát hiện mã độc", "None found", "shield", "good"),
        "found": Label("Phát hiện mã độc", "Infected", "octagon", "danger"),
        "too_large": Label("Quá lớn để quét", "Too large to scan", DASH, "turn"),
        "not_scanned": Label("Chưa quét", "Not scanned", DASH, "machine"),
    },
    "signature": {
        "total_passed": Label("Hợp lệ", "Valid", "seal", "good"),
        "indeterminate": Label("Chưa đủ căn cứ", "Indeterminate", "question", "turn"),
        "total_failed": Label("Không hợp lệ", "Invalid", "octagon", "danger"),
        "ageing": Label(
            "Sẽ hết căn cứ",
            "Will become unprovable",
            "hourglass",
            "turn",
            "{word} ngày {detail}",
            "Unprovable after {detail}",
        ),
        "none": Label("Không có chữ ký số", "Not signed", DASH, "machine"),
        "could_not_check": Label("Chưa kiểm tra được", "Could not be checked", WRENCH, "ours"),
    },
    "copy": {
        "verified": Label("Khớp", "Matches", "two-ticks", "good"),
        "owed": Label("Chờ tạo bản sao", "Owed", "clock", "turn"),
        "not_checked": Label("Chưa kiểm tra", "Not checked", DASH, "machine"),
        "changed": Label("Sai lệch", "Changed", "octagon", "danger"),
        "missing": Label("Thiếu", "Missing", "octagon", "danger"),
        "extra": Label("Tệp lạ", "Stray", "triangle", "turn"),
        "unreadable": Label("Không đọc được", "Unreadable", WRENCH, "ours"),
        "repaired": Label("Đã khôi phục", "Repaired", TICK, "good"),
        "lost": Label("Mất, không còn bản tốt", "Lost", "octagon-filled", "danger"),
    },
    "root": SERVICE,
    "service": SERVICE,
    "dossier": {
        "stored": Label("Đang lưu trữ", "Kept", "two-ticks", "good"),
        "held": Label("Đóng băng", "On hold", "lock", "hold"),
        "destruction_review": Label("Xem xét hủy", "Under destruction review", "scales", "turn"),
        "transferred": Label("Đã nộp vào lưu trữ lịch sử", "Transferred", "arrow-out", "machine"),
        "destroyed": Label("Đã hủy", "Destroyed", "crossed-box", "danger"),
    },
    "list": {
        "draft": Label("Bản thảo", "Draft", "pen", "machine"),
        "reviewing": Label("Đang xem xét lại", "In re-appraisal", HAND, "turn"),
        "council": Label("Hội đồng đang xét", "With the council", "scales", "turn"),
        "authority": Label(
            "Chờ ý kiến cơ quan thẩm quyền", "Awaiting the authority's opinion", "clock", "machine"
        ),
        "awaiting_decision": Label("Chờ người đứng đầu quyết định", "Awaiting the head", HAND, "turn"),
        "waiting": Label("Trong thời gian chờ", "Cooling-off", "hourglass", "turn"),
        "stopped": Label("Đã dừng", "Stopped", "pause", "machine"),
        "ready": Label("Chờ thực hiện", "Ready", HAND, "turn"),
        "executing": Label("Đang hủy", "Being destroyed", LOOP, "danger"),
        "copies_owed": Label("Còn bản sao chưa xóa", "Copies owed", "clock", "danger"),
        "certified": Label("Đã hủy, có biên bản", "Destroyed, certified", "seal", "good"),
        "declined": Label("Không hủy", "Not destroyed", DASH, "machine"),
    },
    "entry": {
        "unanswered": Label("Chưa có ý kiến", "Unanswered", DASH, "turn"),
        "destroy": Label("Hủy", "Destroy", "crossed-box", "machine"),
        "extend": Label("Kéo dài", "Extend", "clock", "machine"),
        "permanent": Label("Chuyển vĩnh viễn", "Made permanent", "two-ticks", "machine"),
        "taken_out": Label("Đưa ra khỏi danh mục", "Taken out", "arrow-out", "machine"),
        "held": Label("Rút do đóng băng", "Withdrawn, on hold", "lock", "hold"),
    },
    "receipt": {
        "deleting": Label("Đang xóa", "Being deleted", LOOP, "danger"),
        "gone": Label("Đã xóa", "Gone, read back", TICK, "good"),
        "owed": Label("Còn nợ", "Owed", "clock", "danger"),
    },
    "incident": {
        "open": Label("Chưa xử lý", "Open", "octagon", "danger"),
        "repairing": Label("Đang khôi phục", "Being restored", LOOP, "working"),
        "waiting_person": Label("Chờ người quyết định", "Awaiting a person", HAND, "turn"),
        "closed": Label("Đã kết thúc", "Closed", TICK, "good"),
    },
    "job": {
        "queued": Label("Chờ chạy", "Queued", "clock", "machine"),
        "running": Label("Đang chạy", "Running", LOOP, "working"),
        "retrying": Label("Đang thử lại", "Retrying", LOOP, "ours"),
        "stuck": Label("Bị kẹt", "Stuck", WRENCH, "ours"),
        "failed": Label("Lỗi, cần người xem", "Failed, needs a person", WRENCH, "ours"),
        "done": Label("Xong", "Done", TICK, "good"),
    },
    "grant": {
        "requested": Label("Chờ người thứ hai xác nhận", "Awaiting a second person", HAND, "turn"),
        "waiting": Label("Đã xác nhận, chưa có hiệu lực", "Confirmed, not in force yet", "hourglass", "turn"),
        "effective": Label("Có hiệu lực", "In force", TICK, "good"),
        "refused": Label("Không chấp thuận", "Declined", DASH, "machine"),
        "ended": Label("Đã thôi", "Ended", DASH, "machine"),
    },
    "account": {
        "active": Label("Đang dùng", "Active", TICK, "good"),
        "locked": Label("Tài khoản bị khóa", "Locked", "lock", "machine"),
    },
    "access": {
        "public": Label("Công khai", "Public", "open-book", "machine"),
        "conditional": Label("Hạn chế", "Restricted", "lock", "machine"),
        "closed": Label("Không công khai", "Not public", "lock", "machine"),
    },
    "entry_kind": {
        "dossier": Label("Hồ sơ", "Dossier", "folder", "machine"),
        "document": Label("Văn bản", "Document", "file", "machine"),
    },
    "match": {
        "exact": Label("Khớp đúng dấu", "Exact tones", TICK, "good"),
        "blind": Label("Khớp không dấu", "Without tones", DASH, "machine"),
        "machine_read": Label("Chữ máy đọc", "Machine-read", "info", "machine"),
    },
}

# Words that the law of a regime chose; records keep the words of the regime under which they came.
REGIME_WORDS: dict[str, dict[str, str]] = {
    "2011": {
        "retention_period": "thời hạn bảo quản",
        "expired_records": "tài liệu hết giá trị",
        "council": "Hội đồng xác định giá trị tài liệu",
        "current_archives": "lưu trữ cơ quan",
        "access_mode": "chế độ sử dụng",
    },
    "2024": {
        "retention_period": "thời hạn lưu trữ",
        "expired_records": "tài liệu hết thời hạn lưu trữ, trùng lặp",
        "council": "Hội đồng xét hủy tài liệu",
        "current_archives": "lưu trữ hiện hành",
        "access_mode": "mức độ tiếp cận",
    },
}


def label(thing: str, code: str) -> Label:
    """The tag of a code. Raises KeyError: a state without words is a bug, not a grey tag."""
    return LABELS[thing][code]


def regime_word(name: str, regime: str) -> str:
    """The regime's own Vietnamese word; the older one for records of the older law."""
    return REGIME_WORDS[regime][name]
