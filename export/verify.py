"""Verification of exports from a checkout: `tfse-verify`, which pip installs."""

from tfse.cli.verify import entry_point

if __name__ == "__main__":
    entry_point()
