"""The description of the API in OpenAPI 3.1, made from the models and from the table of what can be asked."""

from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from edge_agent import __version__
from edge_agent.fleet.pages import answers

_NAME: Final = {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"}


@dataclass(frozen=True, slots=True)
class Operation:
    """An address of the API: what it may be asked, what it answers."""

    path: str
    name: str
    summary: str
    answer: type[BaseModel]
    asked: type[BaseModel] | None = None


OPERATIONS: Final = (
    Operation("/api/v1/devices", "devices", "All devices and how they do", answers.DevicePage, answers.DevicesAsked),
    Operation("/api/v1/devices/{tenant}/{site}/{device}", "device", "One device", answers.DeviceAnswer),
    Operation("/api/v1/sites", "sites", "All sites", answers.SitePage, answers.OfTenant),
    Operation("/api/v1/hours", "hours", "Sealed hours, as they came", answers.HourPage, answers.HoursAsked),
    Operation("/api/v1/problems", "problems", "What ingest noticed", answers.ProblemPage, answers.ProblemsAsked),
)


def document() -> dict[str, Any]:
    """Return openapi.json."""
    models = [(each, "serialization") for each in {operation.answer for operation in OPERATIONS} | {answers.Error}]
    models.sort(key=lambda pair: pair[0].__name__)
    _, schema = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "edge-agent fleet",
            "version": __version__,
            "description": "Reads what the fleet has stored; nothing can be changed through it.",
            "license": {"name": "Proprietary", "identifier": "LicenseRef-Proprietary"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"session": []}, {}],
        "paths": {operation.path: {"get": _get(operation)} for operation in OPERATIONS},
        "components": {
            "schemas": schema["$defs"],
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made by `edge-agent fleet user --token NAME`.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "fleet",
                    "description": "Of who has signed in to the pages; `__Host-fleet` behind HTTPS.",
                },
            },
        },
    }


def _get(operation: Operation) -> dict[str, Any]:
    answered = {
        "200": _content("What was asked for", operation.answer),
        "400": _content("It was asked wrongly", answers.Error),
        "401": _content("Neither a token nor a session", answers.Error),
        "503": _content("The store does not answer", answers.Error),
    }
    if operation.asked is None:
        answered["404"] = _content("There is none of that name", answers.Error)
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": _of_path(operation.path) + (_of_query(operation.asked) if operation.asked else []),
        "responses": answered,
    }


def _content(description: str, model: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _of_path(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": _NAME} for name in names]


def _of_query(asked: type[BaseModel]) -> list[dict[str, Any]]:
    schema = asked.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
    return [
        {"name": name, "in": "query", "required": False, "description": told.pop("description", ""), "schema": told}
        for name, told in schema["properties"].items()
    ]
