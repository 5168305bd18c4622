# SPDX-License-Identifier: MIT
"""Recovery in the loaders that recovery.py doesn't run: an update slot in external flash, by QSPI and by SPI, and Ed25519 keys."""
import tempfile

from checks import count
from recovery import Lab, broken_upload, one_slot, trial_open
from virtual_board import evidence


def main():
    with tempfile.TemporaryDirectory() as folder:
        for board in ("nrf52840dk", "nrf54l15dk"):
            broken_upload(Lab(folder, board, layout="external"))
        trial_open(Lab(folder, "nrf52840dk", layout="external"))
        trial_open(Lab(folder, "xiao_nrf52840", key_type="ed25519"))
        broken_upload(Lab(folder, "xiao_nrf54l15", layout="overwrite", key_type="ed25519"))
        one_slot(folder, "xiao_nrf52840", ((6000, "random"),), "ed25519")
        one_slot(folder, "xiao_nrf54l15", ((1100, "prefix"),), "ed25519")
    evidence("recovery_loaders", "recovery with the update slot in external flash (QSPI, SPI), and with Ed25519: a broken upload, an open trial, cuts in the only slot", count())


if __name__ == "__main__":
    main()
