"""The delivery engine: claims what is due, finds the way, speaks SMTP, records what came of it."""
