"""The delivery engine: claims what is due, finds the way, speaks SMTP, records what came of it.

Any number of engines work beside each other, and meet the API in the store alone; nothing here decides what the API
answers. Start reading at ``engine``, then ``attempt`` and ``conversation``; ``dns`` and ``smtp`` are for the real
network, and ``worker`` puts all of it together for one machine.
"""
