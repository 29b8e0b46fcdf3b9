"""One module for each subcommand of ``justemails``."""
