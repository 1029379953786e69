"""Settings of the tests: those of DEBUG, with a cheap password hash; the database comes from DATABASE_URL."""

import os

os.environ.setdefault("DEBUG", "true")

from kelompok.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
