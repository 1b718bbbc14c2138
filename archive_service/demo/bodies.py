"""What each kind of document says, part by part: one function a shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from archive_service.demo.people import DemoAgency
from archive_service.demo.prose import Part, Writer, thousands

ROMAN = ("I", "II", "III", "IV", "V")


@dataclass(frozen=True, slots=True)
class Kind:
    """A document type of NĐ 30/2020 PL III (or as commonly used): its name, and who writes its body."""

    name: str
    body: Callable[[Writer, DemoAgency, str], tuple[Part, ...]]
    addressed: bool = False
    table: bool = False


def decision(writer: Writer, agency: DemoAgency, about: str) -> tuple[Part, ...]:
    articles = [
        f"{about}. {writer.text(2)}",
        writer.text(3),
        writer.text(2),
        "Quyết định này có hiệu lực kể từ ngày ký. Các đơn vị, cá nhân có liên quan chịu trách nhiệm thi hành.",
    ]
    return (
        *writer.grounds(),
        Part("ground", "Xét đề nghị của Trưởng phòng chuyên môn."),
        Part("order", "QUYẾT ĐỊNH:"),
        *(Part("article", text, label=f"Điều {n}.") for n, text in enumerate(articles, 1)),
    )


def report(writer: Writer, agency: DemoAgency, about: str) -> tuple[Part, ...]:
    parts = [Part("paragraph", f"{agency.name} {_opening(about)} như sau:")]
    for number, heading in zip(ROMAN, writer.headings(), strict=False):
        parts += [Part("heading", f"{number}. {heading}"), writer.paragraph(3), writer.paragraph(2)]
    parts.insert(4, people_table(writer))
    return (
        *parts,
        Part(
            "paragraph",
            f"Trên đây là nội dung {_lower(about)}, {agency.name} gửi các cơ quan, đơn vị biết, phối hợp thực hiện./.",
        ),
    )


def letter(writer: Writer, agency: DemoAgency, about: str) -> tuple[Part, ...]:
    points = [Part("paragraph", f"{n}. {writer.text(3)}") for n in range(1, 5)]
    return (
        Part("paragraph", f"Thực hiện chương trình công tác, {agency.name} {_opening(about)} như sau:"),
        *points,
        Part(
            "paragraph",
            f"Đề nghị các đơn vị phối hợp thực hiện; vướng mắc liên hệ ông {writer.man()} để được giải đáp./.",
        ),
    )


def proposal(writer: Writer, agency: DemoAgency, about: str) -> tuple[Part, ...]:
    closing = f"{agency.name} kính trình {agency.superior or 'Ủy ban nhân dân tỉnh Trường Lam'} xem xét, quyết định./."
    sections = [
        part
        for number, heading in zip(
            ROMAN[:3], ("Sự cần thiết", "Nội dung đề nghị", "Nguồn kinh phí"), strict=True
        )
        for part in (Part("heading", f"{number}. {heading}"), writer.paragraph(3))
    ]
    return (
        *writer.grounds(),
        Part("paragraph", f"{agency.name} {_opening(about)} như sau:"),
        *sections,
        Part("paragraph", closing),
    )


def minutes(writer: Writer, agency: DemoAgency, about: str) -> tuple[Part, ...]:
    return (
        Part(
            "paragraph",
            f"Hôm nay, vào hồi 8 giờ 30 phút, tại {writer.place()}, chúng tôi tiến hành {_lower(about)}.",
        ),
        Part("heading", "I. Thành phần"),
        people_table(writer),
        Part("heading", "II. Nội dung"),
        *(Part("paragraph", f"{n}. {writer.text(3)}") for n in range(1, 4)),
        Part("heading", "III. Kết luận"),
        writer.paragraph(2),
        Part(
            "paragraph",
            "Biên bản được lập thành 04 bản có giá trị như nhau, đã đọc cho mọi người cùng nghe, nhất trí và ký tên./.",
        ),
    )


def contract(writer: Writer, agency: DemoAgency, about: str) -> tuple[Part, ...]:
    sides = (
        f"Bên A (chủ đầu tư): {agency.name}, do ông {writer.man()} làm đại diện.",
        f"Bên B (nhà thầu): Công ty TNHH Xây lắp Đá Bạc (hư cấu), do bà {writer.woman()} làm đại diện.",
    )
    articles = (
        f"{about}, giá hợp đồng trọn gói {writer.money()}.",
        writer.text(2),
        writer.text(2),
        "Hợp đồng có hiệu lực từ ngày ký, được lập thành 06 bản, mỗi bên giữ 03 bản.",
    )
    return (
        *(Part("paragraph", side) for side in sides),
        *(Part("article", text, label=f"Điều {n}.") for n, text in enumerate(articles, 1)),
    )


def amounts(writer: Writer, agency: DemoAgency, about: str) -> tuple[Part, ...]:
    """A table of 24 lines: what a spreadsheet holds."""
    head = ("STT", "Họ và tên, đơn vị", "Địa bàn", "Số lượng", "Số tiền (đồng)", "Ghi chú")
    lines = [
        (
            str(n),
            writer.person(),
            writer.place(),
            str(writer.count()),
            thousands(writer.count(8, 900) * 1_000_000),
            "",
        )
        for n in range(1, 25)
    ]
    return (Part("paragraph", f"{about}. {writer.text(2)}"), Part("table", rows=(head, *lines)))


def sketch(writer: Writer, agency: DemoAgency, about: str) -> tuple[Part, ...]:
    return (Part("paragraph", f"{about}. Người đo vẽ: {writer.person()}."),)


def people_table(writer: Writer) -> Part:
    duties = ("Trưởng đoàn", "Phó Trưởng đoàn", "Thư ký", "Thành viên", "Thành viên")
    lines = tuple((str(n), writer.person(), duty, writer.place()) for n, duty in enumerate(duties, 1))
    return Part("table", rows=(("STT", "Họ và tên", "Nhiệm vụ", "Địa bàn phụ trách"), *lines))


KINDS: dict[str, Kind] = {
    "BB": Kind("Biên bản", minutes),
    "BC": Kind("Báo cáo", report),
    "BV": Kind("Bản vẽ kỹ thuật", sketch),
    "CV": Kind("Công văn", letter, addressed=True),
    "DS": Kind("Danh sách", amounts, table=True),
    "DT": Kind("Dự toán", amounts, table=True),
    "HD": Kind("Hướng dẫn", report),
    "HĐ": Kind("Hợp đồng", contract),
    "KH": Kind("Kế hoạch", report),
    "KL": Kind("Kết luận", report),
    "PA": Kind("Phương án", report),
    "QĐ": Kind("Quyết định", decision),
    "TB": Kind("Thông báo", report),
    "TTr": Kind("Tờ trình", proposal, addressed=True),
}


def _lower(about: str) -> str:
    return about[:1].lower() + about[1:]


def _opening(about: str) -> str:
    return f"có văn bản này về nội dung “{about}”, cụ thể"
