"""`python -m registry.mlflow_registry look|write`: MLflow's model registry, read or written, as lines of JSON.

A script, run in a process of its own. It reads one JSON document from standard input and prints a line for each
registered model or each change, then `{"end": true}`; when it cannot go on, `{"error", "remedy"}` instead.
"""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import mlflow
import requests
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException

from registry.mlflow_fetch import LIES, NOT_MLFLOW, Away, in_words, say
from registry.mlflow_guard import Failed, begin, refuse_missing_store

MOST_MODELS = 10_000
MOST_VERSIONS = 100_000
PAGE = 500
LONGEST_TEXT = 5_000
LONGEST_TAG = 200
MOST_TAGS = 50
PROMPT = "mlflow.prompt.is_prompt"


def main(deed: str) -> int:
    """Do it, and answer the exit code."""
    tracking_uri = os.environ["MLFLOW_TRACKING_URI"]
    begin(tracking_uri)
    try:
        refuse_missing_store(tracking_uri)
        given = json.load(sys.stdin)
        client = mlflow.MlflowClient(tracking_uri)
        for answer in look(client, given["names"]) if deed == "look" else written(client, given):
            say(answer)
        say({"end": True})
    except Failed as failure:
        say({"error": str(failure), "remedy": failure.remedy})
    except MlflowException as error:
        told = in_words(error, "there")
        say({"error": str(told), "remedy": told.remedy})
    except (requests.RequestException, *LIES):
        say({"error": "What this address answers is not what MLflow answers.", "remedy": NOT_MLFLOW})
    return 0


def look(client: mlflow.MlflowClient, names: list[str]) -> Iterator[dict[str, Any]]:
    """The models of these names, or all of them, with their versions."""
    if names:
        for name in names:
            try:
                model = client.get_registered_model(name)
            except MlflowException as error:
                if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                    continue
                raise
            quoted = name.replace("'", "''")
            yield described(model, pages(client.search_model_versions, f"name = '{quoted}'"))
        return
    versions = defaultdict(list)
    for version in pages(client.search_model_versions, None, MOST_VERSIONS):
        versions[version.name].append(version)
    for model in pages(client.search_registered_models, None, MOST_MODELS):
        if model.tags.get(PROMPT) != "true":
            yield described(model, versions[model.name])


def pages(search: Any, filter_string: str | None, most: int = MOST_VERSIONS) -> list[Any]:
    """Every result of a search, page by page. A server that never ends is cut off."""
    found: list[Any] = []
    token = None
    while len(found) < most:
        page = search(filter_string=filter_string, max_results=PAGE, page_token=token)
        found.extend(page)
        token = page.token
        if not token or not page:
            break
    return found[:most]


def described(model: RegisteredModel, versions: list[ModelVersion]) -> dict[str, Any]:
    """One line: texts within limits, versions by number."""
    numbered = [version for version in versions if str(version.version).isdigit()]
    return {
        "name": str(model.name)[:LONGEST_TEXT],
        "description": str(model.description or "")[:LONGEST_TEXT],
        "tags": short(model.tags),
        "aliases": {str(alias): str(number) for alias, number in dict(model.aliases or {}).items()},
        "versions": [
            {
                "number": str(version.version),
                "status": str(version.status),
                "tags": short(version.tags),
            }
            for version in sorted(numbered, key=lambda version: int(version.version))
        ],
    }


def short(tags: dict[str, str]) -> dict[str, str]:
    """The first tags, cut to a sensible length; ours always."""
    ours_first = sorted(tags.items(), key=lambda tag: (not tag[0].startswith("countersign."), tag[0]))
    return {str(name)[:LONGEST_TAG]: str(value)[:LONGEST_TAG] for name, value in ours_first[:MOST_TAGS]}


def written(client: mlflow.MlflowClient, changes: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """Make each change; what MLflow refuses is told in its line, and the rest goes on."""
    for change in changes:
        try:
            write(client, change)
            yield {}
        except MlflowException as error:
            failure = in_words(error, "there")
            if isinstance(failure, Away):
                raise failure from error
            yield {"problem": str(failure)}


def write(client: mlflow.MlflowClient, change: dict[str, Any]) -> None:
    """One change: tags of a version, or an alias set or taken away."""
    model, version = change["model"], change["version"]
    for name, value in change["tags"].items():
        client.set_model_version_tag(model, version, name, value)
    if change["alias"] and version:
        client.set_registered_model_alias(model, change["alias"], version)
    elif change["alias"]:
        client.delete_registered_model_alias(model, change["alias"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
