"""Cards as files: written for other tools, and read from them with a preview before anything is saved."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import UserRequest, actor_of
from accounts.complaints import complain
from accounts.refusals import Conflict, Invalid
from policy.cards import Section, load_card_schema
from registry.access import card_for_reader, version_for_editor, version_for_reader
from registry.actions import CardMoved, record_card_download, revise_card
from registry.card_formats import FORMATS, MOST_BYTES, Imported, document_of, read_card
from registry.differences import Piece, word_diff
from registry.forms.cards import ImportForm
from registry.measures import measures_of
from registry.models import CardRevision, ModelVersion
from registry.views.cards import number_in


@require_GET
def card_export(request: UserRequest, slug: str, version: str, name: str) -> HttpResponse:
    """The card as a file in one of the formats; `?revision=` for an older one. It is on the record."""
    found = version_for_reader(request.user, slug, version)
    revision = card_for_reader(request.user, found, number_in(request, "revision"))
    if name not in FORMATS:
        raise Http404(f"There is no format {name}; there are {', '.join(FORMATS)}.")
    if revision is None:
        raise Http404(f"Version {version} has no card yet.")
    chosen = FORMATS[name]
    document = document_of(
        found, revision, measures_of(found), site=settings.COUNTERSIGN_URL, reader=request.user
    )
    record_card_download(revision=revision, format=name, actor=actor_of(request), at=timezone.now())
    response = HttpResponse(chosen.write(document), content_type=chosen.content_type)
    response["Content-Disposition"] = f'attachment; filename="{document.name}{chosen.ending}"'
    return response


@dataclass(frozen=True)
class Incoming:
    """What the file has for one section, beside what stands there."""

    section: Section
    text: str
    pieces: tuple[Piece, ...]
    taken: bool

    @property
    def word(self) -> str:
        """What taking it does."""
        if not self.pieces:
            return "the same"
        return "new" if all(piece.kind == "added" for piece in self.pieces) else "replaces"

    @property
    def before(self) -> list[Piece]:
        """What stands there."""
        return [piece for piece in self.pieces if piece.kind != "added"]

    @property
    def after(self) -> list[Piece]:
        """What the file has."""
        return [piece for piece in self.pieces if piece.kind != "removed"]


@require_http_methods(["GET", "POST"])
def card_import(request: UserRequest, slug: str, version: str) -> HttpResponse:
    """Read a card from a file: first what would go where, then, when the person says so, a new revision."""
    found = version_for_editor(request.user, slug, version)
    current = card_for_reader(request.user, found)
    if request.method == "GET":
        form = ImportForm(initial={"revision": current.number if current else 0})
        return _page(request, found, current, form)
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, found, current, form, status=400)
    try:
        imported = read_card(form.content)
    except Invalid as refused:
        return _page(request, found, current, form, status=complain(form, refused, "file"))
    if "save" not in request.POST:
        return _page(request, found, current, form, imported)
    return _save(request, found, current, form, imported)


def _save(
    request: UserRequest,
    version: ModelVersion,
    current: CardRevision | None,
    form: ImportForm,
    imported: Imported,
) -> HttpResponse:
    texts = _chosen(request, current, imported)
    try:
        saved = revise_card(
            version=version,
            sections=texts,
            author=request.user,
            note=form.cleaned_data["note"] or f"Imported from {imported.format}",
            expected_revision=form.cleaned_data["revision"],
            actor=actor_of(request),
            at=timezone.now(),
        )
    except CardMoved as moved:
        status = complain(form, moved)
        return _page(request, version, moved.current, form, imported, status=status)
    except (Invalid, Conflict) as refused:
        form.add_error(None, f"{refused} {refused.remedy}".strip())
        return _page(request, version, current, form, imported, status=400)
    messages.success(request, f"Revision {saved.number} of the card is saved.")
    return redirect("registry:card", version.model.slug, version.version)


def _chosen(request: UserRequest, current: CardRevision | None, imported: Imported) -> dict[str, str]:
    """The card as it stands, with the sections that were ticked and the loose parts where the person put them."""
    merged = Imported(imported.format)
    ticked = request.POST.getlist("take")
    before = current.sections if current else {}
    for section in load_card_schema().sections:
        taken = section.id in ticked and section.id in imported.sections
        merged.place(section.id, (imported.sections if taken else before).get(section.id, ""))
    known = {section.id for section in load_card_schema().sections}
    for number, part in enumerate(imported.unplaced):
        place = request.POST.get(f"place-{number}", "")
        if place in known:
            merged.place(place, f"### {part.title}\n\n{part.text}")
    return merged.sections


def _page(
    request: UserRequest,
    version: ModelVersion,
    current: CardRevision | None,
    form: ImportForm,
    imported: Imported | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    sections = load_card_schema().sections
    kept = imported.sections if imported else {}
    context = {
        "version": version,
        "current": current,
        "form": form,
        "imported": imported,
        "incoming": _incoming(request, current, kept),
        "untouched": [section for section in sections if section.id not in kept],
        "loose": _loose(request, imported),
        "places": sections,
        "revision": current.number if current else 0,
        "content": form.content.decode("utf-8-sig", "replace") if imported else "",
        "most_kb": MOST_BYTES // 1024,
    }
    return render(request, "registry/card_import.html", context, status=status)


def _incoming(request: UserRequest, current: CardRevision | None, texts: dict[str, str]) -> list[Incoming]:
    before = current.sections if current else {}
    again = "save" in request.POST
    return [
        Incoming(
            section,
            texts[section.id],
            tuple(word_diff(before.get(section.id, ""), texts[section.id]))
            if before.get(section.id, "") != texts[section.id]
            else (),
            not again or section.id in request.POST.getlist("take"),
        )
        for section in load_card_schema().sections
        if section.id in texts
    ]


def _loose(request: UserRequest, imported: Imported | None) -> list[dict[str, object]]:
    """The parts that have no place, each with the section that is proposed or was chosen."""
    return [
        {
            "name": f"place-{number}",
            "part": part,
            "chosen": request.POST.get(f"place-{number}", part.proposed),
        }
        for number, part in enumerate(imported.unplaced if imported else [])
    ]
