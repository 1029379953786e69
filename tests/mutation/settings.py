"""Settings of the tests, with a database that stays: every changed copy of the project would migrate anew."""

from tests.settings import *  # noqa: F403
from tests.settings import BASE_DIR, DATABASES

DATABASES["default"]["TEST"] = {"NAME": str(BASE_DIR / "mutation.sqlite3")}
