"""Production settings with the static files in a directory of the test's own."""

import os

from kelompok.settings import *  # noqa: F403

STATIC_ROOT = os.environ["STATIC_ROOT"]
