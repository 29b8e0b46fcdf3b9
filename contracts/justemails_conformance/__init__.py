"""The conformance suite: judges any server of the API by its base URL, over HTTP alone.

Reserved: the suite is not built yet. The package stands here so that its place in the dependency order (it may
import ``justemails_contract`` and no implementation) is checked from the first day.
"""
