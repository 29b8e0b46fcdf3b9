"""Fake mail hosts: the host, a connection to it, and what it keeps."""
