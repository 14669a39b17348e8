"""A real OAuth 2.0 token endpoint on loopback: refresh tokens, client credentials, expiry, refusal. No test."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

CLIENT, SECRET, REFRESH = "client-7", "client-secret-1f0c", "refresh-token-8d2e"


class TokenEndpoint:
    """Gives `token-1`, `token-2`, …, each valid for `life` seconds by its own clock."""

    def __init__(self, life: float = 3600.0, *, rotate: bool = False) -> None:
        self.life, self.rotate = life, rotate
        self.answer: tuple[int, str] | None = None
        """Given instead of a token, where set."""
        self.asked: list[dict[str, str]] = []
        self.refresh_token = REFRESH
        self._ends: dict[str, float] = {}
        self._withdrawn: set[str] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/token"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def is_valid(self, token: str) -> bool:
        """Whether a mail server would take the token now."""
        return token not in self._withdrawn and self._ends.get(token, 0.0) > time.monotonic()

    def withdraw_all(self) -> None:
        """Every token given so far is worthless from now on."""
        self._withdrawn |= set(self._ends)

    def given(self, fields: dict[str, str]) -> tuple[int, str]:
        """The answer to a request."""
        self.asked.append(fields)
        if self.answer is not None:
            return self.answer
        known = fields.get("client_id") == CLIENT
        by_secret = fields.get("grant_type") == "client_credentials" and fields.get("client_secret") == SECRET
        by_refresh = fields.get("grant_type") == "refresh_token" and fields.get("refresh_token") == self.refresh_token
        if not (known and (by_secret or by_refresh)):
            told = f"AADSTS70000: {fields.get('refresh_token') or fields.get('client_secret')} is not valid."
            return 400, json.dumps({"error": "invalid_grant", "error_description": told})
        token = f"token-{len(self._ends) + 1}"
        self._ends[token] = time.monotonic() + self.life
        more = {}
        if self.rotate and by_refresh:
            self.refresh_token = more["refresh_token"] = f"{REFRESH}-{len(self._ends)}"
        return 200, json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": self.life, **more})


def _handler_of(endpoint: TokenEndpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, body = endpoint.given({name: values[0] for name, values in parse_qs(sent).items()})
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            """Nothing: a test's output is its claims."""

    return Handler
