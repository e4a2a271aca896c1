"""Export to a server from a checkout: `tfse-export --formats=saved_model`, which pip installs."""

from absl import flags

from tfse.cli.export import SAVED_MODEL, entry_point

flags.FLAGS.set_default("formats", [SAVED_MODEL])

if __name__ == "__main__":
    entry_point()
