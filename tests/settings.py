"""Settings of the tests: those of DEBUG, with a cheap password hash; the database comes from DATABASE_URL."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("DEBUG", "true")

from kelompok.settings import *  # noqa: F403
from kelompok.settings import DATABASES

# As long as production asks for: some tests start the site as production does, with the sessions of the test.
SECRET_KEY = "nothing-but-tests-" * 3
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in real use: threads and servers on a database in memory would share one connection's locks.
    file = Path(tempfile.gettempdir()) / f"kelompok-test-{os.getpid()}.sqlite3"
    DATABASES["default"]["TEST"] = {"NAME": str(file)}
# Static files straight from their folders: nothing is collected before a test run.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
