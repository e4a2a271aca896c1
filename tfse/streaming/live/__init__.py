"""Live enhancement between a microphone and a loudspeaker."""
