"""What a browser or a pipeline sends, turned into paths and open files."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParser as DjangoParser
from django.http.multipartparser import MultiPartParserError
from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles, MultiPartParser

from accounts.refusals import Invalid
from registry.archive import entries, is_archive
from registry.intake import OnDisk, Readable, on_disk
from registry.receiving import broken_off, refuse_bad_upload

LONGEST_SCHEMA = 200_000


def sent_files(
    files: "Sequence[UploadedFile[Any]]", paths: Sequence[str] = ()
) -> Iterator[tuple[str, Readable | OnDisk]]:
    """Path and content of each file; a .zip that comes alone is opened.

    `paths` runs beside `files` when the sender knows where they stood: browsers keep only the last part.
    """
    if paths and len(paths) != len(files):
        raise Invalid(
            f"{len(files):,} files came with {len(paths):,} paths.",
            "Send one path for each file.",
            field="paths",
        )
    if len(files) == 1 and not paths and is_archive(given_path(files[0])):
        yield from entries(files[0], given_path(files[0]))
        return
    for position, file in enumerate(files):
        yield paths[position] if paths else given_path(file), on_disk(file)


def given_path(file: "UploadedFile[Any]") -> str:
    """The name with its folders when the parser below kept them, else the plain name."""
    return str(getattr(file, "given_path", None) or file.name or "")


def schema_text(file: "UploadedFile[Any]") -> str:
    """The text of a schema that came as a file. Raises Invalid for one that is none."""
    body: bytes = file.read(LONGEST_SCHEMA + 1)
    if len(body) > LONGEST_SCHEMA:
        raise Invalid("The schema is too long.", f"Keep it under {LONGEST_SCHEMA:,} bytes.", field="schema")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("The schema is not UTF-8 text.", "Send YAML in UTF-8.", field="schema") from error


class _Parser(DjangoParser):
    """Django cuts names down to their last part; the registry wants it whole, to refuse bad ones aloud."""

    _files: Any
    _given = ""

    def sanitize_file_name(self, file_name: str) -> str:
        self._given = file_name
        return super().sanitize_file_name(file_name) or "unnamed"

    def handle_file_complete(self, old_field_name: str, counters: list[int]) -> None:
        super().handle_file_complete(old_field_name, counters)
        arrived: Any = self._files.getlist(old_field_name)[-1]
        arrived.given_path = self._given


class PathsParser(MultiPartParser):
    """REST framework's parser for multipart, with `given_path` on each file."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> "DataAndFiles[Any, Any]":
        """Raises ParseError for a body that is not multipart, Invalid for one that is too large or broke off."""
        request = parser_context["request"]
        meta = {**request.META, "CONTENT_TYPE": media_type}
        try:
            data, files = _Parser(
                meta, stream, request.upload_handlers, parser_context.get("encoding")
            ).parse()
        except MultiPartParserError as error:
            raise ParseError(f"The body cannot be read as multipart: {error}") from error
        except UnreadablePostError as error:
            raise broken_off(request) from error
        refuse_bad_upload(request._request)
        return DataAndFiles(data, files)
