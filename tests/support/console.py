"""A person before the console: signs in, looks at pages, keeps one open that lives."""

import http.cookiejar
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from websockets.sync.client import ClientConnection, connect

from tests.support.patience import seconds
from tests.up.running import Up


class Visitor:
    """Signed in by the link that `up` prints."""

    def __init__(self, up: Up) -> None:
        self._address = f"127.0.0.1:{up.console_port}"
        self._cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))
        with self._opener.open(up.until_it_says("/sign-in/").split()[-1], timeout=seconds(20)) as page:
            assert page.status == 200, page.status

    def get(self, path: str, timeout: float = 20) -> tuple[int, str]:
        """Status and text of a page; 0 and the reason when nobody answers."""
        try:
            with self._opener.open(f"http://{self._address}{path}", timeout=seconds(timeout)) as page:
                return page.status, page.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    @contextmanager
    def watching(self, path: str) -> Iterator["LivePage"]:
        """The websocket that keeps this page current."""
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._cookies)
        headers = {"Cookie": cookies}
        address = f"ws://{self._address}/live{path}"
        with connect(address, additional_headers=headers, origin=f"http://{self._address}") as socket:  # type: ignore[arg-type]
            yield LivePage(socket)


class LivePage:
    """What an open page was told so far, by element. It listens all the time, as a browser does."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._news = threading.Condition()
        self.parts: dict[str, str] = {}
        self.closed = False
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for message in self._socket:
            with self._news:
                self.parts |= json.loads(message)["parts"]
                self._news.notify_all()
        with self._news:
            self.closed = True
            self._news.notify_all()

    def until(self, part: str, condition: Callable[[str], bool], what: str, timeout: float = 30) -> None:
        """Return when an element is so."""
        with self._news:
            met = self._news.wait_for(lambda: self.closed or self._is(part, condition), seconds(timeout))
            assert met, f"{part} is never {what}, but {self.parts.get(part)!r}"
            assert not self.closed, "the page's connection was lost"

    def _is(self, part: str, condition: Callable[[str], bool]) -> bool:
        return part in self.parts and condition(self.parts[part])

    def until_it_says(self, part: str, words: str, timeout: float = 30) -> None:
        self.until(part, lambda told: words in told, f"as if it said {words!r}", timeout)

    def until_it_is_quiet(self, part: str, timeout: float = 30) -> None:
        """Nothing is complained of there (any more)."""
        self.until(part, lambda told: "notice" not in told, "quiet", timeout)
