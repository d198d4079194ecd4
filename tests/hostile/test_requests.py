"""Single requests that nobody honest sends: refused in the body of every error, never a 500."""

import json

import pytest

from tests.hostile.target import MIB, Target, error_code, head_of, request, status_of

TRACKER = "/conversations/{}/tracker"
EVENTS = "/conversations/u/tracker/events"
WEBHOOK = "/webhooks/rest/webhook"
LONG = "x" * 60_000
DEEP = b"[" * 10_000 + b"]" * 10_000


def said(text: bytes) -> bytes:
    return b'{"sender": "mallory", "message": ' + text + b"}"


REFUSED = {
    "10,000 lists within each other": (request("POST", EVENTS, DEEP), 400),
    "10,000 objects within each other": (
        request("POST", EVENTS, b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
        400,
    ),
    "deep metadata": (
        request("POST", WEBHOOK, said(b'"hi", "metadata": {"a":' + DEEP + b"}")),
        400,
    ),
    "a lone surrogate": (request("POST", WEBHOOK, said(rb'"\ud800"')), 400),
    "a lone surrogate as id": (
        request("POST", WEBHOOK, rb'{"sender": "\udfff", "message": "hi"}'),
        400,
    ),
    "bytes that are no UTF-8": (request("POST", WEBHOOK, said(b'"\xff\xfe"')), 400),
    "NaN": (request("POST", EVENTS, b'{"event":"slot","name":"s","value":NaN}'), 400),
    "Infinity": (request("POST", EVENTS, b'{"event":"slot","name":"s","value":Infinity}'), 400),
    "a number beyond all numbers": (
        request("POST", EVENTS, b'{"event":"slot","name":"s","value":1e999}'),
        400,
    ),
    "a time beyond all times": (
        request("POST", EVENTS, b'{"event":"restart","timestamp":1e999}'),
        400,
    ),
    "too many events": (request("PUT", EVENTS, b"[" + b"0," * 200_000 + b"0]"), 413),
    "a body that is too large": (request("POST", EVENTS, b" " * (5 * MIB)), 413),
    "an empty body": (request("POST", EVENTS), 400),
    "XML": (request("POST", EVENTS, b"<a/>", "Content-Type: text/xml"), 400),
    "a form": (
        request("POST", WEBHOOK, b"sender=a", "Content-Type: application/x-www-form-urlencoded"),
        400,
    ),
    "a packed body": (request("POST", EVENTS, b"\x1f\x8b\x08", "Content-Encoding: gzip"), 400),
    "a long id": (request("GET", TRACKER.format("x" * 2000)), 400),
    "a very long id": (request("GET", TRACKER.format(LONG)), 400),
    "an id beyond the limit of headers": (request("GET", TRACKER.format("x" * 70_000)), 431),
    "a long id in the body": (
        request("POST", WEBHOOK, json.dumps({"sender": LONG, "message": "hi"}).encode()),
        400,
    ),
    "a large header": (request("GET", "/version", b"", "Cookie: " + "x" * 70_000), 431),
    "many headers": (request("GET", "/version", b"", *["X-A: b"] * 30_000), 431),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64, 400),
    "a line that is no request": (b"hello\r\n\r\n", 400),
    "two lengths": (request("POST", WEBHOOK, b"{}", "Content-Length: 7"), 400),
    "a negative length": (request("POST", WEBHOOK, b"{}", length="-1"), 400),
    "an endless length": (request("POST", WEBHOOK, b"{}", length="9" * 40), 400),
    "length and chunks": (
        request("POST", WEBHOOK, b"0\r\n\r\n", "Transfer-Encoding: chunked"),
        400,
    ),
    "a chunk of no size": (
        b"POST " + WEBHOOK.encode() + b" HTTP/1.1\r\nHost: bot\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        400,
    ),
    "a header folded over lines": (request("GET", "/version", b"", "X-A: b\r\n c: d"), 400),
    "a zero byte in a header": (request("GET", "/version", b"", "X-A: \x00"), 400),
    "an unknown path of dots": (request("GET", "/chat/..%2f..%2f..%2fetc%2fpasswd"), 404),
    "dots in the path": (request("GET", "/chat/../../../../etc/passwd"), 404),
}


@pytest.mark.parametrize(("sent", "status"), REFUSED.values(), ids=REFUSED)
def test_what_nobody_honest_sends_is_refused(target: Target, sent: bytes, status: int) -> None:
    answer = target.send(sent)
    assert (status_of(answer), "application/json" in head_of(answer)) == (status, True)
    assert error_code(answer).startswith("T8")


@pytest.mark.parametrize(
    "name",
    ["..", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "a%2Fb", "%00", "%ff", "%c0%ae", "~", "a;b",
     "%0d%0aX-Evil:%201", "a%250ab", "%E2%80%AE", "x'--", "%22%3E%3Cscript%3E"],
)  # fmt: skip
def test_ids_are_names_and_nothing_else(target: Target, name: str) -> None:
    answer = target.send(request("GET", TRACKER.format(name)))
    assert status_of(answer) < 500
    assert "x-evil" not in head_of(answer)
    event = json.dumps({"event": "slot", "name": "s", "value": 1}).encode()
    stored = target.send(request("POST", f"/conversations/{name}/tracker/events", event))
    assert status_of(stored) < 500
    assert "\nX-Evil" not in target.server.log


@pytest.mark.parametrize(
    "query",
    ["?include_events=ALL&include_events=bogus", "?until=1e999", "?until=nan", "?until=-1",
     "?until=" + "9" * 400, "?%00=%00", "?" + "a=b&" * 5000, "?until=%0d%0aX-Evil:1", "?%"],
)  # fmt: skip
def test_queries_are_read_or_passed_over(target: Target, query: str) -> None:
    answer = target.send(request("GET", TRACKER.format("u") + query))
    assert status_of(answer) < 500
    assert "x-evil" not in head_of(answer)


@pytest.mark.parametrize("value", ["https://a\tb", "null", "\xff", "https://a.example, https://b"])
def test_an_origin_is_not_echoed_unless_it_is_named(target: Target, value: str) -> None:
    answer = target.send(request("GET", "/version", b"", f"Origin: {value}"))
    assert status_of(answer) < 500
    assert "access-control" not in head_of(answer)


def test_an_export_event_writes_no_file(target: Target) -> None:
    event = {"event": "export", "path": str(target.folder / "stolen.md"), "filename": "x.md"}
    answer = target.send(request("POST", EVENTS, json.dumps(event).encode()))
    assert status_of(answer) == 200


def test_secrets_of_a_request_stay_out_of_the_log(target: Target) -> None:
    lines = ("Referer: http://bot/?token=referred-secret", "Cookie: id=cookie-secret")
    path = "/conversations/u/tracker?token=query-secret&q=whispered"
    assert status_of(target.send(request("GET", path, b"", *lines))) == 200
    for secret in ("referred-secret", "cookie-secret", "query-secret", "whispered"):
        assert secret not in target.server.log
    assert "a-token-of-the-owner" not in target.server.log
