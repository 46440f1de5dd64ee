"""The service that identity providers talk to: people, and what it can do."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from scim2_models import (
    Context,
    ListResponse,
    PatchOp,
    Resource,
    ResourceType,
    ResponseParameters,
    Schema,
    SearchRequest,
)

from accounts.api import BoundedJSONParser
from accounts.refusals import Invalid
from accounts.scim import errors
from accounts.scim.actions import change, leave, take_in
from accounts.scim.authentication import IsProvider, TokenAuthentication, TokenThrottle, actor_of
from accounts.scim.finding import people_for, person_with
from accounts.scim.models import ScimPerson, ScimToken
from accounts.scim.wire import (
    LENIENT,
    User,
    base,
    on_the_wire,
    resource_types,
    service,
    wanted_of,
    without_silence,
)
from audit.actor import Actor

CONTENT_TYPE = "application/scim+json"


class ScimRenderer(JSONRenderer):
    """JSON, by SCIM's name for it."""

    media_type = CONTENT_TYPE
    charset = None


class ScimParser(BoundedJSONParser):
    """JSON, by SCIM's name for it."""

    media_type = CONTENT_TYPE


@extend_schema(exclude=True)
class ScimView(APIView):
    """What all addresses of the service share. Its schema is its own, at /scim/v2/Schemas."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (IsProvider,)
    throttle_classes = (TokenThrottle,)
    parser_classes = (ScimParser, BoundedJSONParser)
    renderer_classes = (ScimRenderer, JSONRenderer)

    def get_exception_handler(self) -> Any:
        return errors.answer

    @property
    def token(self) -> ScimToken:
        """The token that asks."""
        token: Any = self.request.user
        if not isinstance(token, ScimToken):
            raise NotAuthenticated
        return token

    @property
    def actor(self) -> Actor:
        """Who is asking, for the record."""
        return actor_of(self.token, self.request)


class Users(ScimView):
    """Everybody whom a provider keeps."""

    def get(self, request: Request) -> Response:
        return _found(request.query_params.dict())

    def post(self, request: Request) -> Response:
        sent = User.model_validate(
            _body(request), scim_ctx=Context.RESOURCE_CREATION_REQUEST, scim_policy=LENIENT
        )
        row = take_in(
            wanted=wanted_of(sent),
            token=self.token,
            actor=self.actor,
            at=timezone.now(),
        )
        answer = _person(row, request, Context.RESOURCE_CREATION_RESPONSE, status=201)
        answer["Location"] = f"{base()}/Users/{row.person_id}"
        return answer


class Search(ScimView):
    """The same question, in a body."""

    def post(self, request: Request) -> Response:
        return _found({name: value for name, value in _body(request).items() if name != "schemas"})


class OneUser(ScimView):
    """One person."""

    def get(self, request: Request, pk: str) -> Response:
        return _person(person_with(pk), request, Context.RESOURCE_QUERY_RESPONSE)

    def put(self, request: Request, pk: str) -> Response:
        row = person_with(pk)
        sent = User.model_validate(
            _body(request), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=LENIENT
        )
        sent.replace(on_the_wire(row))
        return self._changed(row, sent, request, Context.RESOURCE_REPLACEMENT_RESPONSE)

    def patch(self, request: Request, pk: str) -> Response:
        row = person_with(pk)
        patch = PatchOp[User].model_validate(
            _body(request), scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=LENIENT
        )
        person = on_the_wire(row)
        patch.patch(person, scim_policy=LENIENT)
        return self._changed(row, person, request, Context.RESOURCE_PATCH_RESPONSE)

    def delete(self, request: Request, pk: str) -> Response:
        leave(row=person_with(pk), actor=self.actor, at=timezone.now())
        return Response(status=204)

    def _changed(self, row: ScimPerson, sent: User, request: Request, context: Context) -> Response:
        wanted = without_silence(wanted_of(sent), row)
        changed = change(row=row, wanted=wanted, actor=self.actor, at=timezone.now())
        return _person(changed, request, context)


class Service(ScimView):
    """What the service can do."""

    def get(self, request: Request) -> Response:
        return _said(service())


class Schemas(ScimView):
    """What a person looks like."""

    def get(self, request: Request, urn: str = "") -> Response:
        return _one_or_all(request, [_schema()], Schema, urn)


class ResourceTypes(ScimView):
    """What can be asked for."""

    def get(self, request: Request, name: str = "") -> Response:
        return _one_or_all(request, resource_types(), ResourceType, name)


class Nowhere(ScimView):
    """Everything else below /scim/v2/."""

    def get(self, request: Request, rest: str = "") -> Response:
        raise Http404("There is nothing here.")

    post = put = patch = delete = get


def _found(question: dict[str, Any]) -> Response:
    asked = SearchRequest[User].model_validate(question, scim_ctx=None, scim_policy=LENIENT)
    found = people_for(asked)
    people = [on_the_wire(row) for row in found.rows]
    return _listed(people, User, total=found.total, start=found.start, asked=asked)


def _schema() -> Schema:
    found = User.to_schema()
    found.meta = None
    return found


def _one_or_all(request: Request, items: list[Any], kind: type[Resource[Any]], name: str) -> Response:
    if "filter" in request.query_params:
        raise PermissionDenied  # RFC 7644, 4: whoever filters these is to be refused, not misled
    if not name:
        return _listed(items, kind, total=len(items), start=1)
    for item in items:
        if item.id == name:
            return _said(item)
    raise Http404(f"There is no {name[:80]}.")


def _body(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise Invalid("The body is no JSON object.")
    return request.data


def _person(row: ScimPerson, request: Request, context: Context, *, status: int = 200) -> Response:
    asked = {
        name: request.query_params[name]
        for name in ("attributes", "excludedAttributes")
        if name in request.query_params
    }
    wished = ResponseParameters[User].model_validate(asked, scim_ctx=None, scim_policy=LENIENT)
    return Response(on_the_wire(row).model_dump(scim_ctx=context, response_parameters=wished), status=status)


def _listed(
    items: list[Any], kind: type[Resource[Any]], *, total: int, start: int, asked: Any = None
) -> Response:
    made: Any = ListResponse.__class_getitem__(kind)
    page = made(total_results=total, start_index=start, items_per_page=len(items), resources=items)
    return Response(page.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=asked))


def _said(item: "Resource[Any]") -> Response:
    return Response(item.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))
