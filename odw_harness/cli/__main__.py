"""`python -m odw_harness.cli`."""

import sys

from odw_harness.cli import main

sys.exit(main())
