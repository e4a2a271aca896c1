"""Export to devices from a checkout: `tfse-export`, which pip installs."""

from tfse.cli.export import entry_point

if __name__ == "__main__":
    entry_point()
