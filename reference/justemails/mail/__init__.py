"""A mail itself: its addresses, its bytes, a last look at them, and its signatures.

Pure functions over the records; nothing here sends or keeps anything. Start reading at ``message``, which writes a
message out of what a caller gave.
"""
