"""What `up` prints when all is ready: where things are, what to try, how to stop."""

import os
import sys
import webbrowser

from rich.text import Text

from cluster.supervisor.options import Options
from cluster.supervisor.plan import logs_directory

TRY = (
    "kcat -b {first} -t greetings -P <<< 'hello'",
    "kcat -b {first} -t greetings -C -e",
    "uv run manage.py login-link{where}",
)


def banner(options: Options, link: str) -> list[Text]:
    """The closing lines of a start; opens the browser when that was asked for."""
    if options.open and _has_desktop():
        webbrowser.open(link)
    rows = [
        ("bootstrap servers", ",".join(options.bootstrap_servers)),
        ("console", f"{options.console_url}"),
        ("sign in, once", link),
        ("data", str(options.data_dir)),
        ("logs", str(logs_directory(options))),
    ]
    lines = [Text.assemble((f"  {name:<19}", "dim"), (value, "bold")) for name, value in rows]
    lines += [Text(""), Text("  Try it:")]
    where = f" --data-dir {options.data_dir}"
    lines += [Text(f"    {line.format(first=options.bootstrap_servers[0], where=where)}") for line in TRY]
    return [
        *lines,
        Text(""),
        Text("  Ctrl-C stops all in good order; the next start has it back.", style="dim"),
    ]


def _has_desktop() -> bool:
    """Without one, a browser for text would be opened, over our own lines."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
