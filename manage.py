#!/usr/bin/env python
"""The front door of the command line: `manage.py up` starts a cluster, `manage.py help` lists the rest."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    # A command may be written as people write commands (`login-link`); its module cannot have a dash.
    argv = [*sys.argv[:1], *(word.replace("-", "_") for word in sys.argv[1:2] if not word.startswith("-"))]
    argv += sys.argv[len(argv) :]
    if argv[1:2] == ["up"]:
        # A container's habit that would cost every start a second: each forked import would be compiled again.
        sys.dont_write_bytecode = False
        # Ahead of Django: its settings read the environment that `up` is about to write.
        from cluster.supervisor.up import main as up

        sys.exit(up(argv[2:]))
    export_data_dir(argv)
    from django.core.management import execute_from_command_line

    execute_from_command_line(argv)


def export_data_dir(argv: list[str]) -> None:
    """Django's settings depend on the data directory, and are read before a command sees its options."""
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        if name == "--data-dir":
            os.environ["ODRADEK_DATA_DIR"] = value if equals else following


if __name__ == "__main__":
    main()
