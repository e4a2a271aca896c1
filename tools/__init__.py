"""Programs for the people who develop tfse; none of them is installed with it."""
