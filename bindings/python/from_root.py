"""A build backend that builds from the folder of the whole project, where the C sources are."""

import os
from pathlib import Path

os.chdir(Path(__file__).resolve().parents[2])

from scikit_build_core.build import *  # noqa: E402, F403
