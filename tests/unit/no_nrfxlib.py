# SPDX-License-Identifier: MIT
"""no_nrfxlib.py WHAT: stands for a test that needs Nordic's headers or libraries where they could not be had, and says so."""
import sys

print("=" * 100 + f"\nSKIPPED, so this was NOT tested: {sys.argv[1]}\n"
      "Nordic's nrfxlib is missing: `tools/fetch-deps FOLDER nrfxlib` says why, HOLDFAST_NRFXLIB_DIR names one (docs/ble.md).\n" + "=" * 100)
sys.exit(77)
