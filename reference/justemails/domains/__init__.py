"""Sending domains: the DNS records that each needs, and whether they are there.

The document has no endpoint for them (CHOICE-20), so the API only asks the store whether a domain is verified. Start
reading at ``domain``; ``check`` looks the records up, ``watch`` does it again every day.
"""
