"""The API's description: well formed, complete, and true."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.http.conftest import Client, Profile, connect
from tests.http.test_auth import GUARDED

from tertulia.base.secret import Secret

METHODS = {"get", "post", "put", "delete"}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert method in METHODS
            yield path, method, operation


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


async def test_the_document_has_the_shape_of_openapi_3_1(client: Client) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1.")
    assert set(document["info"]) >= {"title", "version"}
    seen: set[str] = set()
    for path, _, operation in operations(document):
        assert operation["operationId"] not in seen
        seen.add(operation["operationId"])
        assert operation["summary"]
        assert operation["description"]
        assert operation["tags"]
        parameters = operation.get("parameters", [])
        in_path = {each["name"] for each in parameters if each["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path))
        assert all(each["schema"]["type"] for each in parameters)
        assert all(each["required"] for each in parameters if each["in"] == "path")
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[2-5]\d\d", status)
            assert response["description"]
            if status in ("204", "304"):
                assert "content" not in response
                continue
            assert all("schema" in media for media in response["content"].values())
        if "requestBody" in operation:
            bodies = operation["requestBody"]["content"].values()
            assert bodies
            assert all(body["schema"] for body in bodies)


async def test_every_reference_leads_somewhere(client: Client) -> None:
    document = (await client.get("/openapi.json")).json()
    found = set(references(document))
    assert found
    for reference in found:
        assert reference.startswith("#/components/schemas/")
        assert reference.rpartition("/")[2] in document["components"]["schemas"]


async def test_every_route_of_the_api_is_described(client: Client) -> None:
    described = {
        (method.upper(), path.replace("{conversation_id}", "u"))
        for path, method, _ in operations(client.document)
    }
    public = {
        *(("GET", "/"), ("GET", "/version"), ("GET", "/webhooks/rest")),
        *(("GET", "/health/live"), ("GET", "/health/ready")),
    }
    assert described == {*GUARDED, *public, ("POST", "/webhooks/rest/webhook")}


async def test_the_document_describes_the_profile_that_is_served(
    client: Client, profile: Profile
) -> None:
    tracker = client.document["paths"]["/conversations/{conversation_id}/tracker"]["get"]
    assert client.document["info"]["version"] == {"legacy": "0.13.8", "modern": "3.6.21"}[profile]
    assert ("409" in tracker["responses"]) == (profile == "modern")
    assert ("404" in tracker["responses"]) == (profile == "legacy")


async def test_credentials_are_described_where_they_are_asked_for(profile: Profile) -> None:
    async with connect(profile, auth_token=Secret("t"), jwt_secret=Secret("k" * 64)) as client:
        document = (await client.get("/openapi.json")).json()
    assert set(document["components"]["securitySchemes"]) == {"token", "bearer", "jwt"}
    for path, method, operation in operations(document):
        is_guarded = (method.upper(), path.replace("{conversation_id}", "u")) in GUARDED
        assert ("security" in operation) == is_guarded


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
async def test_nothing_is_described_without_the_api(profile: Profile, path: str) -> None:
    async with connect(profile, enable_api=False) as client:
        assert (await client.get(path)).status_code == 404
