"""Reports of an evaluation: statistics, tables, plots and one HTML page."""
