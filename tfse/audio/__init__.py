"""Audio files, resampling and checks of samples."""
