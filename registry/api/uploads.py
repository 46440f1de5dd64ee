"""Large files in pieces: announce, send, go on after a break; `POST models/{slug}/versions` registers them."""

import re
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import FileUploadParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import KeyView
from accounts.models import Scope
from accounts.problems import Problem, problem
from accounts.refusals import Invalid
from registry.access import model_for_reader, upload_for_owner
from registry.actions.uploads import LIFETIME, missing_files, open_upload, refuse_ended
from registry.api.common import checked
from registry.intake import StoredFile
from registry.models import Upload
from registry.pieces import Announced, WrongDigest, WrongOffset, announced_files, append
from registry.shapes.uploads import MissingFile, UploadAnswer, UploadGiven

RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")
OFFSET = re.compile(r"\d{1,15}")
PIECE_HEADERS = [
    OpenApiParameter("Upload-Offset", int, OpenApiParameter.HEADER, description="Where the piece begins"),
    OpenApiParameter(
        "Content-Range", str, OpenApiParameter.HEADER, description="Or so: bytes FIRST-LAST/SIZE"
    ),
]


class Uploads(KeyView):
    """Uploads to one model."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.REGISTRY_WRITE}

    @extend_schema(operation_id="uploads_create", request=UploadGiven, responses={201: UploadAnswer})
    def post(self, request: Request, slug: str) -> Response:
        """Announce files; the answer says which must be sent. The same announcement again finds the same upload."""
        model = model_for_reader(self.key.owner, slug)
        given = checked(UploadGiven(data=request.data))
        files = [StoredFile(**line) for line in given["files"]]
        upload = open_upload(model=model, files=files, owner=self.key.owner, at=timezone.now())
        return Response(_answer(upload), status=201, headers={"Location": f"/api/v1/uploads/{upload.pk}"})


class UploadView(KeyView):
    """One upload."""

    scopes: ClassVar[dict[str, str]] = {"GET": Scope.REGISTRY_WRITE}

    @extend_schema(operation_id="uploads_retrieve", responses=UploadAnswer)
    def get(self, request: Request, upload: UUID) -> Response:
        """How far it is."""
        found = upload_for_owner(self.key.owner, upload)
        refuse_ended(found, timezone.now())
        return Response(_answer(found))


class UploadFile(KeyView):
    """One file of an upload."""

    scopes: ClassVar[dict[str, str]] = {"PATCH": Scope.REGISTRY_WRITE}
    parser_classes = (FileUploadParser,)  # for the document only: the body is read as it comes, below

    @extend_schema(
        operation_id="uploads_append",
        parameters=PIECE_HEADERS,
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses=MissingFile,
    )
    def patch(self, request: Request, upload: UUID, path: str) -> Response:
        """Add a piece. 409 says where the file goes on; 422 that the whole file is not what was announced."""
        found = upload_for_owner(self.key.owner, upload)
        refuse_ended(found, timezone.now())
        file = _file_of(found, path)
        offset = _offset(request._request, file)
        try:
            have = append(found, file, offset=offset, source=request._request)
        except WrongOffset as wrong:
            return _go_on_at(wrong)
        except WrongDigest as wrong:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, str(wrong), wrong.remedy, field=file.path
            ) from wrong
        return Response(
            {"path": file.path, "size": file.size, "have_bytes": have}, headers={"Upload-Offset": str(have)}
        )


def _answer(upload: Upload) -> dict[str, Any]:
    missing = [
        {"path": file.path, "size": file.size, "have_bytes": have} for file, have in missing_files(upload)
    ]
    return dict(
        UploadAnswer(
            {
                "id": upload.pk,
                "model": upload.model.slug,
                "expires_at": upload.started_at + LIFETIME,
                "missing": missing,
            }
        ).data
    )


def _file_of(upload: Upload, path: str) -> Announced:
    found = next((file for file in announced_files(upload) if file.path == path), None)
    if found is None:
        raise Http404(f"{path} was not announced.")
    return found


def _offset(request: HttpRequest, file: Announced) -> int:
    """Where the piece begins, from either header."""
    length = request.headers.get("Content-Length") or "0"
    if "Transfer-Encoding" in request.headers:
        raise Invalid(f"The piece of {file.path} came without its length.", "Send Content-Length.")
    if OFFSET.fullmatch(plain := request.headers.get("Upload-Offset", "")):
        return int(plain)
    told = RANGE.fullmatch(request.headers.get("Content-Range", ""))
    if told is None:
        raise Invalid(
            f"Where the piece of {file.path} begins is not said.",
            "Send Upload-Offset: BYTES, or Content-Range: bytes FIRST-LAST/SIZE.",
        )
    first, last, size = (int(number) for number in told.groups())
    if size != file.size or last - first + 1 != int(length):
        raise Invalid(
            f"The Content-Range of {file.path} does not fit: {file.size:,} bytes were announced, "
            f"and this piece has {int(length):,}.",
            "Send the range that the piece really has.",
        )
    return first


def _go_on_at(wrong: WrongOffset) -> Response:
    answer = problem(HTTPStatus.CONFLICT, str(wrong), remedy=wrong.remedy)
    answer.data["have_bytes"] = wrong.have
    answer["Upload-Offset"] = str(wrong.have)
    return answer
