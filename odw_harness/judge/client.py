"""One prompt to one server and back: OpenAI's chat completions over aiohttp, as lm-eval asks its own servers.

Faults are of three kinds. What can pass (time-outs, lost connections, 429, 5xx, a reply that is no JSON) is tried again
after growing, random waits. What lies in one answer (a prompt too long, a content filter) leaves that answer without a
reply. What no answer can pass (a refused key, an unknown model, an empty account, a server that is gone) is Hopeless.
"""

import json
import os
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import IO, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, stop_after_delay
from tenacity.wait import wait_random_exponential
from yarl import URL

from odw_harness.expected import expected_scores
from odw_harness.judge.base import ApiConfig
from odw_harness.judge.budget import Budget, Hopeless
from odw_harness.judge.throttle import Throttle
from odw_harness.judge.writing import Messages, Reply
from odw_harness.texts import map_texts, shown, tokens_about

ATTEMPTS = 6
LONGEST_WAIT = 120.0
"""Seconds. A server that asks for more with Retry-After is asked again after these."""
backoff = wait_random_exponential(multiplier=1, max=30)
"""Seconds between attempts: up to 1, 2, 4, 8, 16."""
_LARGEST_BODY = 16 << 20
LARGEST_FILE = 2 << 30
"""Bytes of a file of replies: 40 kB for each of 50,000."""
_FILE_TIMEOUT = 3600.0
"""Seconds that a file may take, there or back."""
_SHORTEST_SECRET = 8
"""A key shorter than this (EMPTY, x) is no secret, and may well be a word of a reply."""
_EMPTY_ACCOUNT = {
    *("insufficient_quota", "billing_hard_limit_reached", "billing_not_active"),  # OpenAI
    "Arrearage",  # DashScope
    *("1112", "1113", "1121", "1308", "1310"),  # Zhipu
}
"""Codes of an error that says that nothing more can be paid, with whatever status."""
_CONTENT = re.compile(r"flagged|moderat|content|sensitive|safety|inspection|敏感|违规|安全|审核", re.I)
"""Some answer 403 to a text that they will not read, as well as to a key."""
_WAIT_AND_SEE = "allocat"
"""DashScope says insufficient_quota for "Throttling.AllocationQuota" too, which passes."""


class Passing(Exception):
    """A fault that may be gone at the next attempt. after: seconds that the server asks to wait, if it does."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class _Busy(Passing):
    """The server has too much to do: 429 or 503."""


class _Unreachable(Passing):
    """There is no connection to be had."""


class Lasting(Exception):
    """A fault of this one prompt."""


class Missing(Hopeless):
    """The server knows nothing of that name: 404."""


class ChatClient:
    """An open connection to a server. Use as an asynchronous context manager."""

    def __init__(self, config: ApiConfig, key: str | None, budget: Budget | None = None) -> None:
        """Key is sent as a bearer token, and never returned: wherever the server repeats it, it is replaced."""
        self._config = config
        self._key = key
        self._is_secret = key is not None and len(key) >= _SHORTEST_SECRET
        self._budget = budget or Budget()
        self.closing = False
        """Set where no further attempt is wanted: what is under way may end."""

    async def __aenter__(self) -> "ChatClient":
        config = self._config
        headers = {"Accept": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        self._proxy = _proxy_for(config.base_url)
        at_once = None if config.concurrency == "auto" else int(config.concurrency)
        self.throttle = Throttle(at_once, config.requests_per_minute, config.tokens_per_minute)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=config.timeout, sock_connect=min(30.0, config.timeout)),
            headers=headers,
            trust_env=False,  # it would send what ~/.netrc holds as well
        )
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._session.close()

    def body(
        self, messages: Messages, repeat: int = 0, response_format: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """What is sent: the messages and the settings. repeat: added to the seed, where there is one."""
        config = self._config
        settings = {
            "temperature": config.temperature,
            "seed": config.seed + repeat if config.seed is not None else None,
            "max_tokens": config.max_tokens,
            "response_format": response_format,
            **({"logprobs": True, "top_logprobs": config.top_logprobs} if config.expected_scores else {}),
        }
        body: dict[str, Any] = {"model": config.model, "messages": messages}
        return body | {name: value for name, value in settings.items() if value is not None} | config.extra_body

    async def ask(
        self,
        messages: Messages,
        repeat: int = 0,
        response_format: dict[str, Any] | None = None,
        attempts: int | None = None,
        max_tokens: int | None = None,
    ) -> Reply:
        """The reply to some messages, or a Reply that says why there is none. Raises Hopeless.

        max_tokens: in place of the configuration's, where that has one.
        """
        config = self._config
        body = self.body(messages, repeat, response_format)
        if max_tokens is not None and "max_tokens" in body:
            body["max_tokens"] = min(max_tokens, body["max_tokens"])
        data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        start = time.monotonic()
        requests = 0
        try:
            async for attempt in self.attempts(attempts):
                with attempt:
                    await self._budget.take_request()
                    requests += 1
                    reply = Reply()
                    try:
                        reply = await self._attempt(data)
                    finally:
                        self._budget.end_request(reply.usage, config.prices)
        except (_Unreachable, Hopeless) as fault:
            raise Hopeless(self.without_key(str(fault))) from None
        except (Passing, Lasting) as fault:
            reply = Reply(failed=str(fault), in_vain=isinstance(fault, Passing))
        usage = {"requests": requests, **({"retries": requests - 1} if requests > 1 else {}), **reply.usage}
        failed = self.without_key(reply.failed) if reply.failed else None
        return replace(reply, failed=failed, usage=usage, seconds=time.monotonic() - start)

    def attempts(self, most: int | None = None) -> AsyncRetrying:
        """Attempts at something, until none of them raises Passing, or there were too many."""
        return AsyncRetrying(
            stop=stop_after_attempt(most or ATTEMPTS) | stop_after_delay(max(60.0, 2 * self._config.timeout)),
            wait=_wait,
            retry=retry_if_exception(lambda fault: isinstance(fault, Passing) and not self.closing),
            reraise=True,
        )

    async def call(
        self,
        method: str,
        path: str,
        data: bytes | aiohttp.FormData | None = None,
        into: IO[bytes] | None = None,
        attempts: int | None = None,
    ) -> Any:
        """What the server says to something other than a chat: its JSON, or, with into, None and the body in that file.

        Raises Passing where no attempt helped, Lasting or Hopeless where none would.
        """
        async for attempt in self.attempts(attempts):
            with attempt:
                return await self._send(method, path, data, into)
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, data: bytes) -> Reply:
        async with self.throttle.turn(tokens=tokens_about(data)):
            began = time.monotonic()
            try:
                reply = self.completion(await self._send("POST", "/chat/completions", data))
            except _Busy as fault:
                self.throttle.refused(fault.after)
                raise
            self.throttle.succeeded(time.monotonic() - began)
            return reply

    def completion(self, data: Any) -> Reply:
        """What a chat completion says. Raises Passing where it is none."""
        return _reply(data, self._config.expected_scores)

    async def models(self) -> list[str]:
        """Names of the models that the server says it has; empty where it doesn't say."""
        try:
            listed = await self._send("GET", "/models")
            return sorted(one_line(str(entry["id"])) for entry in listed["data"])
        except (Passing, Lasting, Hopeless, LookupError, TypeError):
            return []

    async def _send(
        self, method: str, path: str, data: bytes | aiohttp.FormData | None = None, into: IO[bytes] | None = None
    ) -> Any:
        url = self._config.base_url + path
        options: dict[str, Any] = {"data": data, "allow_redirects": False, **self._proxy}
        if isinstance(data, bytes):
            options["headers"] = {"Content-Type": "application/json"}
        if isinstance(data, aiohttp.FormData) or into:
            once = self._config.timeout
            options["timeout"] = aiohttp.ClientTimeout(_FILE_TIMEOUT, sock_connect=min(30.0, once), sock_read=once)
        try:
            async with self._session.request(method, url, **options) as response:
                if into and response.status == 200:
                    return await _save(response, into)
                raw = bytearray()
                async for chunk in response.content.iter_chunked(1 << 16):
                    raw += chunk
                    if len(raw) > _LARGEST_BODY:
                        raise Lasting(f"reply too large: over {_LARGEST_BODY >> 20} MiB")
        except TimeoutError:
            raise Passing(f"time-out: no reply within {self._config.timeout:g} s") from None
        except aiohttp.ClientSSLError as error:
            raise _Unreachable(f"can't be reached by TLS: {one_line(str(error.os_error))}; see base_url") from None
        except aiohttp.ConnectionTimeoutError:
            raise _Unreachable("can't be reached: no connection in time; is the server running?") from None
        except aiohttp.ClientConnectorError as error:
            number = error.os_error.errno
            reason = os.strerror(number) if number and number > 0 else one_line(error.os_error.strerror or str(error))
            raise _Unreachable(f"can't be reached: {reason}; is the server running?") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Passing(f"connection lost: {one_line(str(error)) or type(error).__name__}") from None
        text = raw.decode("utf-8", "replace")
        said: Any
        try:
            said = json.loads(text)
            if self._is_secret:
                said = map_texts(said, self.without_key)
        except (ValueError, RecursionError):
            said = self.without_key(text)
            if response.status == 200:
                raise Passing(f"no JSON: {one_line(said) or 'nothing'}") from None
        if response.status == 200:
            return said
        elsewhere = self.without_key(response.headers.get("Location", ""))
        raise read_fault(response.status, said, response.headers.get("Retry-After"), elsewhere)

    def without_key(self, text: str) -> str:
        """A text of the server's, with *** for the key."""
        return text.replace(self._key, "***") if self._key and self._is_secret else text


async def _save(response: aiohttp.ClientResponse, into: IO[bytes]) -> None:
    into.seek(0)
    into.truncate()
    async for chunk in response.content.iter_chunked(1 << 16):
        into.write(chunk)
        if into.tell() > LARGEST_FILE:
            raise Lasting(f"file too large: over {LARGEST_FILE >> 20} MiB")
    into.seek(0)


def _wait(state: RetryCallState) -> float:
    fault = state.outcome.exception() if state.outcome else None
    after = fault.after if isinstance(fault, Passing) else None
    return max(backoff(state), after or 0.0)


def _proxy_for(url: str) -> dict[str, Any]:
    """The proxy that the environment names, in aiohttp's terms; none for this machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = getproxies().get(parts.scheme) or getproxies().get("all")
    if not named or host in ("localhost", "127.0.0.1", "::1") or proxy_bypass(host):
        return {}
    proxy = URL(named if "://" in named else f"http://{named}")
    auth = aiohttp.BasicAuth(proxy.user, proxy.password or "") if proxy.user else None
    return {"proxy": proxy.with_user(None), "proxy_auth": auth}


def _reply(data: Any, weighed: bool) -> Reply:
    """What it says. weighed: whether its log-probabilities matter."""
    choice = data["choices"][0] if isinstance(data, dict) and _is_list_of_dicts(data.get("choices")) else {}
    message = choice.get("message")
    if not isinstance(message, dict):
        raise Passing(f"no chat completion: {one_line(_message(data))}")
    text: Any = message.get("content")
    refusal, finish = message.get("refusal"), choice.get("finish_reason")
    if _is_list_of_dicts(text):
        text = "".join(str(part.get("text") or "") for part in text)
    failed = None
    if finish == "length":
        failed = "cut reply: the server stopped at max_tokens"
    elif finish in ("content_filter", "sensitive"):
        failed = f"content filter: the server stopped with {finish}"
    elif not text and isinstance(refusal, str) and refusal:
        failed = f"refused: {one_line(refusal)}"
    served = [part for part in (data.get("model"), data.get("system_fingerprint")) if isinstance(part, str)]
    weigh = None
    if weighed:
        logprobs = choice.get("logprobs")
        weigh = partial(expected_scores, tokens=logprobs.get("content") if isinstance(logprobs, dict) else None)
    return Reply(
        text=text if isinstance(text, str) else "",
        failed=failed,
        usage=_usage(data.get("usage")),
        served_by=one_line(" ".join(served)),
        weigh=weigh,
    )


def _is_list_of_dicts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, dict) for part in value)


def _usage(told: Any) -> dict[str, int]:
    """Token counts, those that are counts. Cached prompt tokens stand in different places."""
    if not isinstance(told, dict):
        return {}
    details = told.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    counts = {
        "prompt_tokens": told.get("prompt_tokens"),
        "completion_tokens": told.get("completion_tokens"),
        "cached_tokens": next(
            (n for n in (cached, told.get("prompt_cache_hit_tokens"), told.get("cached_tokens")) if n is not None), None
        ),
    }
    return {name: n for name, n in counts.items() if isinstance(n, int) and 0 <= n < 1 << 53}


def read_fault(status: int, data: Any, retry_after: str | None, elsewhere: str) -> Exception:
    """What an answer other than 200 means. data: its body, from JSON where it is any."""
    message = one_line(_message(data))
    said = f"HTTP {status}: {message or 'without a word'}"
    if status == 402 or (_code(data) in _EMPTY_ACCOUNT and _WAIT_AND_SEE not in str(data).lower()):
        return Hopeless(f"the account is empty: {said}")
    if status in (408, 409, 425, 429) or status >= 500:
        after = _retry_after(retry_after)
        if status in (429, 503):
            return _Busy(f"{'rate limit' if status == 429 else 'server error'}: {said}", after)
        return Passing(f"server error: {said}", after)
    if status == 403 and _CONTENT.search(message):
        return Lasting(f"content filter: {said}")
    if status in (401, 403):
        return Hopeless(f"the key is refused: {said}")
    if status == 404:
        return Missing(f"unknown model or address: {said}")
    if 300 <= status < 400:
        return Hopeless(f"the server is elsewhere: HTTP {status} to {one_line(elsewhere)}")
    return Lasting(f"bad request: {said}")


def _message(data: Any) -> str:
    """The message of an error's body: {"error": {"message": …}}, {"error": …}, {"message": …}, or the body."""
    for name in ("error", "message", "detail"):
        if isinstance(data, dict) and data.get(name):
            data = data[name]
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, default=str)


def _code(data: Any) -> str:
    error = data.get("error", data) if isinstance(data, dict) else None
    return str(error.get("code") or error.get("type") or "") if isinstance(error, dict) else ""


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait, of a header that holds seconds or a date.

    >>> _retry_after("7"), _retry_after("0.5"), _retry_after("99999"), _retry_after("-1"), _retry_after("soon")
    (7.0, 0.5, 120.0, 0.0, None)
    >>> _retry_after("Wed, 21 Oct 2015 07:28:00 GMT")
    0.0
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(LONGEST_WAIT, max(0.0, seconds)) if seconds == seconds else None


def one_line(text: str) -> str:
    """What a server says, as one short line without anything that a terminal would obey."""
    return shown(" ".join(shown(text[:1000], 1000, " ").split()), 200, " ")
