"""Reading and writing of sound files, resampling, and the guard against invalid samples."""
