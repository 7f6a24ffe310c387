"""The drivers themselves, without a cluster."""

from pathlib import Path

import pytest

from tests.clients.driver import ClientError, Driver
from tests.clients.libraries import LIBRARIES, Library
from tests.support.patience import until

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.slug)
def test_background_work_that_ended_early_says_why_when_it_is_asked_how_far_it_is(
    library: Library, tmp_path: Path
) -> None:
    if reason := library.program.missing():
        pytest.skip(reason)
    driver = Driver(library, "127.0.0.1:1", tmp_path / "stderr.log")
    try:
        # No driver can work with both of these.
        driver.call("start_load", name="broken", topic="any", partitions=0, interval_ms=1, settings=None)
        with pytest.raises(ClientError):
            until(lambda: driver.call("load_count", name="broken") > 0, "the load is at work")
    finally:
        driver.kill()
