"""What a PDF is made of: an archive's demands, the files inside, paper and colours, letters, and long content."""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pikepdf
import pypdf
import pytest
from django.template.loader import render_to_string
from PIL import Image
from pypdf.generic import Destination

from evaluations.charts.fairness import selection_rates
from governance.reports.look import Look, LookRefused, contrast_on_white, look_of
from governance.reports.orders import Part
from governance.reports.page import POLICY
from governance.reports.places import static_folder
from governance.reports.render import Rendered, html_of, render

HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    '<meta name="author" content="Northwind Bank"><meta name="description" content="Whether it may run">'
    '<meta name="dcterms.created" content="2026-11-21T09:00:00+00:00"></head><body class="rp"><main>'
)
MADE_AT = 1_795_251_600  # 2026-11-21 09:00 UTC
NAME = "Entscheidungsunterstützung " * 15  # 400 letters
HEBREW, ARABIC, CHINESE = "אשראי לצרכן", "ائتمان المستهلك", "信用评分模型"


def document(*, title: str = "Audit report") -> str:
    """200 findings with long names, 40 groups, and writing from right to left and from elsewhere."""
    findings = "".join(
        f"<tr><th scope='row'>begin-{number}-</th><td>{NAME} {'word ' * (number % 50)}</td><td>end-{number}-</td></tr>"
        for number in range(200)
    )
    groups = "".join(f"<tr><td>Group {number} of {CHINESE}</td></tr>" for number in range(40))
    return (
        HEAD.format(title=title)
        + f"<header class='rp-cover'><div class='rp-brand' data-house='Northwind Bank: audit report'>Northwind</div>"
        f'<h1 data-running="{NAME}" data-asof="As of now">{NAME}</h1><ol class="rp-toc"><li><a href="#findings">'
        f"Findings</a></li></ol></header><h2 id='findings' class='new'>Findings</h2>"
        f"<table><thead><tr><th>Finding</th><th>What</th><th>Until</th></tr></thead><tbody>{findings}</tbody></table>"
        f"<h2>Groups</h2><table>{groups}</table><p>{HEBREW} {ARABIC} Łódź Ωμέγα Ёлка</p>"
        f"<p>One {CHINESE[:1]} alone.</p></main></body></html>"
    )


def rendered(
    folder: Path, html: str, *parts: Part, look: Look | None = None, name: str = "r.pdf"
) -> Rendered:
    return render(
        html=html,
        evidence='{"decision":"allow"}',
        folder=folder,
        name=name,
        static=static_folder(),
        seconds=120,
        made_at=MADE_AT,
        look=look or Look(),
        parts=parts,
    )


@dataclass(frozen=True)
class Long:
    """The long document, made and read once for all that look at it."""

    folder: Path
    made: Rendered
    pages: list[str]

    @property
    def pdf(self) -> pikepdf.Pdf:
        return pikepdf.open(self.folder / "r.pdf")


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Long:
    folder = tmp_path_factory.mktemp("reports")
    keys = Part("keys.json", "{}", "The public keys")
    made = rendered(folder, document(title=CHINESE), keys, Part("checkpoint.txt", "log\n1\n", "A note"))
    pages = [page.extract_text() for page in pypdf.PdfReader(folder / "r.pdf").pages]
    return Long(folder, made, pages)


def test_it_is_what_archives_ask_for(long: Long) -> None:
    """As far as a program of ours can tell; veraPDF is not here to ask (docs/adr/0014-pdf-variant.md)."""
    pdf = long.pdf
    root = pdf.Root
    xmp = root.Metadata.read_bytes().decode()
    assert 'pdfaid:part="3" pdfaid:conformance="A"' in xmp
    assert CHINESE in xmp and "Northwind Bank" in xmp and "Whether it may run" in xmp
    assert "/Filter" not in root.Metadata
    intent = root.OutputIntents[0]
    assert (str(intent.S), int(intent.DestOutputProfile.N)) == ("/GTS_PDFA1", 3)
    assert "sRGB" in str(intent.OutputConditionIdentifier)
    assert (bool(root.MarkInfo.Marked), str(root.Lang), not pdf.is_encrypted) == (True, "en", True)
    assert len(root.StructTreeRoot.K) and bool(root.ViewerPreferences.DisplayDocTitle)
    told = {key: str(value) for key, value in pdf.docinfo.items()}
    assert (told["/Title"], told["/Author"], told["/Subject"]) == (
        CHINESE,
        "Northwind Bank",
        "Whether it may run",
    )
    assert told["/CreationDate"] == told["/ModDate"] == "D:20261121090000+00'00"

    fonts = [
        item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/Font"
    ]
    kinds = {str(font.Subtype) for font in fonts}
    assert kinds == {"/Type0", "/CIDFontType2"}
    for font in fonts:
        if font.Subtype == "/CIDFontType2":
            assert "/FontFile2" in font.FontDescriptor or "/FontFile3" in font.FontDescriptor
        else:
            letters = re.findall(rb"<\w{4}> <(\w*)>", font.ToUnicode.read_bytes())
            assert all(
                4 <= len(letter) <= 16 for letter in letters
            )  # a ligature is a few letters, nothing is none
    scripts = [item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and "/JS" in item]
    assert scripts == []


def test_the_evidence_is_inside_each_file_once_with_what_it_is(long: Long) -> None:
    pdf = long.pdf
    inside = [
        (str(one.UF), str(one.AFRelationship), str(one.EF.F.Subtype), one.EF.F.read_bytes())
        for one in pdf.Root.AF
    ]
    assert inside == [
        ("evidence.json", "/Data", "/application/json", b'{"decision":"allow"}'),
        ("keys.json", "/Supplement", "/application/json", b"{}"),
        ("checkpoint.txt", "/Supplement", "/text/plain", b"log\n1\n"),
    ]
    assert set(pdf.attachments) == {"evidence.json", "keys.json", "checkpoint.txt"}
    assert all(str(one.Desc) for one in pdf.Root.AF)


def test_long_content_is_there_whole_and_no_row_is_cut(long: Long) -> None:
    assert long.made.pages == len(long.pages) > 20
    begins, ends = dict[str, int](), dict[str, int]()
    for number, text in enumerate(long.pages, 1):
        begins |= dict.fromkeys(re.findall(r"begin-(\d+)-", text), number)
        ends |= dict.fromkeys(re.findall(r"end-(\d+)-", text), number)
        assert f"Page {number} of {len(long.pages)}" in " ".join(text.split())
    assert begins == ends and len(begins) == 200
    assert "Łódź Ωμέγα Ёлка" in " ".join(long.pages[-1].split())
    head = long.pages[5]
    assert "Northwind Bank: audit report" in head and f"{NAME[:56].rstrip()}…" in head
    assert "Northwind Bank: audit report" not in long.pages[0]

    reader = pypdf.PdfReader(long.folder / "r.pdf")
    marks = [item for item in reader.outline if isinstance(item, Destination)]
    assert [str(mark.title) for mark in marks][1:] == ["Findings", "Groups"]
    place = reader.get_destination_page_number(marks[1])
    assert place and str(place + 1) in long.pages[0].splitlines()  # the table of contents


def test_groups_that_a_chart_leaves_out_stand_in_a_table_under_it() -> None:
    rate = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 50}
    groups = [
        {"by": {"age": f"from {number} on"}, "n": 50, "metrics": {"selection_rate": rate}}
        for number in range(40)
    ]
    chart = selection_rates({"overall": {"selection_rate": rate}, "groups": groups}, "chart")
    assert chart is not None
    told = render_to_string("reports/pdf/chart.html", {"chart": chart})
    assert all(f"from {number} on" in told.partition("<table>")[2] for number in range(40))


def test_letters_that_no_font_has_are_named_and_the_report_says_so(long: Long) -> None:
    """The fonts that Countersign asks for have no Chinese; where a machine has, nothing is spelled out."""
    cover, rest = (" ".join(" ".join(pages).split()) for pages in (long.pages[:1], long.pages))
    if not long.made.unprinted:
        assert CHINESE in rest and "could not be printed" not in cover
        return
    assert long.made.unprinted == len(set(CHINESE))
    assert f"{len(set(CHINESE))} different characters could not be printed" in cover
    assert "One [U+4FE1] alone." in rest
    assert "Group 39 of [U+4FE1 U+7528 U+8BC4 U+5206 and 2 more]" in rest
    assert CHINESE in (long.folder / "r.html").read_text()  # browsers have other fonts


def test_the_same_input_gives_the_same_bytes_and_the_page_beside_it(tmp_path: Path) -> None:
    html = HEAD.format(title="Short") + f"<h1>{HEBREW}</h1></main></body></html>"
    first, second = rendered(tmp_path, html), rendered(tmp_path, html, name="again.pdf")

    assert replace(first, name="") == replace(second, name="")
    page = html_of(tmp_path / "r.pdf").read_text()
    assert hashlib.sha256(page.encode()).hexdigest() == first.html_sha256
    assert POLICY in page and "<style>" in page and 'url("../' not in page
    assert "http" not in re.sub(r'http-equiv|"http://www.w3.org/2000/svg"', "", page.partition("<body")[2])
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "again.html", "again.json", "again.pdf", "r.html", "r.json", "r.pdf",
    ]  # fmt: skip


def test_paper_accent_and_logo_are_the_organisations(tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    a_logo(logo)
    look = look_of(paper="letter", accent="#7a1f1f", logo=str(logo))
    html = (
        HEAD.format(title="Own")
        + f"<img class='rp-logo' alt='Northwind' src='{look.logo}'><a href='#x'>ink</a>"
    )
    rendered(tmp_path / "out", html + "</main></body></html>", look=look)

    pdf = pikepdf.open(tmp_path / "out" / "r.pdf")
    assert [round(float(side)) for side in pdf.pages[0].MediaBox] == [0, 0, 612, 792]
    images = [
        item for item in pdf.objects if isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Image"
    ]
    assert images and not any(bool(image.get("/Interpolate", False)) for image in images)
    colour = " ".join(f"{int('7a1f1f'[at : at + 2], 16) / 255:.4f}"[:5] for at in (0, 2, 4))
    assert colour.split()[0] in pdf.pages[0].Contents.read_bytes().decode("latin-1")


def a_logo(path: Path) -> None:
    """A red square."""
    Image.new("RGB", (40, 40), "#7a1f1f").save(path)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"paper": "A5"}, "write one of: A4, Letter"),
        ({"accent": "red"}, "cannot be read; write it as #27478f"),
        ({"accent": "#8ab4f8"}, "a contrast of 2.1 on white, and text needs 4.5"),
        ({"logo": "/nowhere/logo.png"}, "cannot be read"),
        ({"logo": __file__}, "neither PNG nor SVG"),
    ],
)
def test_a_look_that_cannot_be_is_refused(given: dict[str, str], told: str) -> None:
    with pytest.raises(LookRefused, match=re.escape(told)):
        look_of(**given)


def test_contrast_is_the_one_of_wcag() -> None:
    assert (round(contrast_on_white("#000000"), 1), round(contrast_on_white("#767676"), 2)) == (21.0, 4.54)
