"""Compressed audio and video that libsndfile does not read, by the program ffmpeg."""
