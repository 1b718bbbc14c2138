"""Every component on pages of invented content: seen in a browser, judged by axe, measured by the tests.

python -m tests.web.preview        serves it at http://127.0.0.1:8600
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from jinja2 import ChoiceLoader, FileSystemLoader

from archive_service.kernel.clock import VIETNAM
from archive_service.kernel.errors import (
    ArchiveError,
    Conflict,
    Forbidden,
    Missing,
    TooLarge,
    TooMany,
    TryLater,
)
from archive_service.web import preferences, static
from archive_service.web.charts import Bars, Lines
from archive_service.web.error_pages import fault_page, refusal_page
from archive_service.web.forms import Form, act
from archive_service.web.frame import Flash, Notice, Page, Site, Viewer, fragment, redirect, render
from archive_service.web.jinja import environment
from archive_service.web.labels import LABELS
from archive_service.web.lists import Column, Empty, Filter, Listing, ask
from archive_service.web.shown import Node, Progress, ShownFinding, Step, by_severity
from archive_service.web.xlsx import list_response

NOW = datetime(2026, 11, 21, 10, 40, 7, tzinfo=VIETNAM)
MARKS = "ẲẪỖỆ ỨNG DỤNG HỒ SƠ QUYẾT ĐỊNH: Ủy ban nhân dân xã Gạ Ỵ về việc hủy, hóa đơn, thỏa thuận"
DIGEST = "3f9ac21e9c0477b13f9ac21e9c0477b13f9ac21e9c0477b13f9ac21e9c0477b1"
OTHER_DIGEST = "3f9ac21e9c0477b13f9ac21e000077b13f9ac21e9c0477b13f9ac21e9c0477b1"
SENTENCES = {
    "preview.title": "Hồ sơ",
    "preview.unit": "Đơn vị giao nộp",
    "preview.verdict": "Kết quả kiểm tra",
    "preview.documents": "Văn bản",
    "preview.due": "Hạn",
    "preview.from": "Nhận từ",
    "preview.done": "Đã trả lại gói {code}. Đơn vị giao nộp đã được báo.",
}
PEOPLE = {
    "anh": Viewer("Trần Thị Ánh", "Lưu trữ cơ quan", frozenset({"officer"}), "anh"),
    "many": Viewer("Lê Văn Bình", "Sở Nội vụ", frozenset({"records_manager", "reader"}), "binh"),
}


@dataclass(frozen=True)
class Row:
    id: str
    title: str
    code: str
    unit: str
    warnings: int
    documents: int
    due_at: datetime
    reason: str = ""


COLUMNS = (
    Column("title", "preview.title", sortable=True, sheet=lambda row: row.title),
    Column("unit", "preview.unit", sheet=lambda row: row.unit),
    Column("verdict", "preview.verdict"),
    Column("documents", "preview.documents", numeric=True, sheet=lambda row: row.documents),
    Column("due", "preview.due", sortable=True, sheet=lambda row: row.due_at),
)
FILTERS = (
    Filter("unit", "preview.unit", "choice", (("1", "Thanh tra tỉnh"), ("2", "Sở Nội vụ"))),
    Filter("from", "preview.from", "date"),
    Filter("title", "preview.title"),
)
ROWS = [
    Row(
        str(place),
        MARKS if place % 3 else "Hồ sơ xây dựng quy chế chi tiêu nội bộ",
        f"000.00.12.H43.2020.{place}.TTr",
        "Thanh tra tỉnh",
        place % 3,
        22 * place,
        NOW.astimezone(UTC),
        "đang đóng băng" if place == 4 else "",
    )
    for place in range(1, 61)
]
FINDINGS = by_severity(
    [
        ShownFinding(
            "bag-digest",
            "error",
            "Tệp data/07.pdf không khớp bảng kê của bên giao.",
            "data/07.pdf",
            "3f9a…c21e",
            "9c04…77b1",
            "Nghị định 01/2013/NĐ-CP, Điều 7 khoản 2",
            "Lập lại gói từ tệp gốc.",
        ),
        *(
            ShownFinding(
                "name",
                "warning",
                "Tệp chưa đặt tên đúng.",
                f"data/anh\u202e{n}.pdf",
                "quyetdinh.pdf",
                "000.00.12.H43.2020.31.TTr.007.pdf",
                "Thông tư 02/2019/TT-BNV, Điều 6 khoản 1",
                "Đổi tên tệp.",
            )
            for n in range(3)
        ),
    ]
)
STEPS = [
    Step("Đã nhận", "done", "20/11 14:21"),
    Step("Đã kiểm tra", "done", "7/7 bước"),
    Step("Quyết định", "current", "Trần Thị Ánh"),
    Step("Lưu 2 bản", "ahead"),
]
TREE = [
    Node(
        "data",
        children=(
            Node("metadata.xml", octets=4210),
            Node("07.pdf", "/files/7", 812_000),
            Node("anh\u202egpj.exe", octets=12),
            Node("scan", more="/tree/scan"),
        ),
    ),
    Node("bagit.txt", octets=55),
]
BARS = Bars(
    "Gói theo ngày",
    "Số gói nhận mỗi ngày trong 3 ngày qua",
    "gói",
    [("Thứ hai, Ủy ban ẲẪỖỆ", 14), ("Thứ ba", 0), ("Thứ tư", 1200)],
)
LINES = Lines(
    "Bản kiểm tra mỗi đêm",
    "Số bản được kiểm tra và số bản sai lệch, 30 đêm",
    "bản",
    [f"{day:02}/11" for day in range(1, 31)],
    [
        ("Đã kiểm tra", [900 + day * 13 % 97 for day in range(30)]),
        ("Sai lệch", [day % 2 for day in range(30)]),
        ("Thiếu", [0] * 30),
    ],
)


def make_app(viewer: str = "anh", notices: bool = True) -> FastAPI:
    """The preview as an application, signed in as one of PEOPLE ("" for nobody)."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    away = Notice(
        "Tìm kiếm tạm ngừng từ 09:58. Hồ sơ vẫn an toàn và vẫn xem được theo mã.",
        "Search is away since 09:58.",
    )
    app.state.site = Site(
        name="Kho lưu trữ tài liệu điện tử",
        unit="Lưu trữ cơ quan Sở Nội vụ",
        support="0270 3823 000 (giờ hành chính)",
        version="0.1.0",
        now=lambda: NOW,
        notices=lambda viewer: [away] if notices else [],
        demo=True,
    )

    @app.middleware("http")
    async def sign_in(request: Request, call_next: Any) -> Response:
        request.state.viewer, request.state.csrf = PEOPLE.get(viewer), "token"
        answer: Response = await call_next(request)
        return answer

    @app.exception_handler(ArchiveError)
    def refuse(request: Request, error: ArchiveError) -> Response:
        return refusal_page(request, error, until=NOW if error.status in {429, 503} else None)

    app.include_router(static.router)
    app.include_router(preferences.router)
    _routes(app)
    return app


def _routes(app: FastAPI) -> None:
    @app.get("/sips")
    def inbox(request: Request) -> Response:
        asked = ask(request, "sips", COLUMNS, FILTERS, sort="due")
        if asked.wants_sheet:
            return list_response(request, asked, "Gói chờ quyết định", ROWS)
        start = int(asked.cursor.keys[0] or 0) if asked.cursor else 0
        if asked.cursor and asked.cursor.backwards:
            found = list(reversed(ROWS[max(0, start - 1 - asked.limit - 1) : start - 1]))
        else:
            found = ROWS[start : start + asked.limit + 1]
        rows = [] if asked.values["title"] else found
        window = asked.window(rows, lambda row: (int(row.id),))
        empty = Empty("no_match", 'Không có gói nào khớp với bộ lọc "Hồ sơ".')
        listing = Listing(asked, "Gói chờ quyết định", window, empty, total=len(ROWS), selectable=True)
        page = Page("Gói chờ quyết định: 60", "3 gói đến hạn hôm nay, 1 gói quá hạn", here="/sips")
        return render(request, "preview/inbox.html", page, listing=listing)

    @app.get("/all")
    def everything(request: Request) -> Response:
        page = Page(
            MARKS, "Mọi thành phần", crumbs=[("Tiếp nhận", "/sips"), ("000.00.12.H43.2020.31.TTr", "")]
        )
        return render(
            request,
            "preview/all.html",
            page,
            labels=LABELS,
            groups=FINDINGS,
            steps=STEPS,
            tree=TREE,
            bars=BARS,
            lines=LINES,
            progress=Progress("bước 3/7: kiểm tra định dạng, 212/1.208 tệp", 3, 212, 1208, NOW),
            digest=DIGEST,
            other=OTHER_DIGEST,
            empties=[
                Empty("nothing_yet", "Chưa có gói nào."),
                Empty("all_done", "Xong."),
                Empty("unknown", "Chưa biết được."),
            ],
            matrix_cells=[("Hồ sơ A", 12), ("Hồ sơ B", "1.204.869")],
        )

    @app.get("/progress")
    def progress(request: Request) -> Response:
        state = Progress("bước 7/7: xong", 7, 1208, 1208, NOW, finished=True)
        return fragment(request, "preview/progress.html", progress=state)

    @app.get("/form")
    def show_form(request: Request) -> Response:
        return _form(request, Form())

    @app.post("/form")
    def send_form(request: Request) -> Response:
        return redirect("/sips", Flash("preview.done", code="31.TTr"))

    @app.get("/form-with-errors")
    def wrong_form(request: Request) -> Response:
        errors = {"reason": "Nhập lý do trả lại, ít nhất 10 ký tự.", "until": "Không có ngày 31/02/2021."}
        return _form(
            request,
            Form({"reason": MARKS, "until": "31/02/2021"}, errors, "Lỗi: chưa trả lại được gói hồ sơ."),
        )

    @app.get("/login")
    def login(request: Request) -> Response:
        request.state.viewer = None
        page = Page(environment("vi").globals["t"]("login.title"))
        return render(
            request, "login.html", page, form=Form(), act=act(request, "/login"), next="/sips", kept=""
        )

    @app.get("/search")
    def search() -> None:
        raise TryLater("Tìm kiếm tạm ngừng từ 09:58. Hồ sơ vẫn an toàn.", "Search is away.")

    @app.get("/error/{status}")
    def error(request: Request, status: int) -> Response:
        if status == 500:
            return fault_page(request, "K7Q2-91", kept=True)
        kinds = {403: Forbidden, 409: Conflict, 413: TooLarge, 429: TooMany, 503: TryLater}
        raise (
            kinds[status]("Ông/Bà đã lập danh mục này nên không được duyệt.", "No.")
            if status in kinds
            else Missing()
        )


def _form(request: Request, form: Form) -> Response:
    page = Page(
        "Trả lại gói hồ sơ cho Thanh tra tỉnh", failed=bool(form.errors), crumbs=[("Tiếp nhận", "/sips")]
    )
    return render(
        request,
        "preview/form.html",
        page,
        422 if form.errors else 200,
        form=form,
        act=act(request, "/form", version=3),
    )


def add_preview_templates() -> None:
    """The preview's own templates and sentences stand beside the real ones, only in this process."""
    for language in ("vi", "en"):
        made = environment(language)
        if not isinstance(made.loader, ChoiceLoader):
            made.loader = ChoiceLoader([made.loader, FileSystemLoader(Path(__file__).parent / "templates")])
            made.globals["t"].table.update(SENTENCES)


add_preview_templates()

if __name__ == "__main__":
    import uvicorn

    uvicorn.run(make_app(), port=8600)
