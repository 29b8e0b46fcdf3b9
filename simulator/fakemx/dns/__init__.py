"""The fake DNS: its data, the answer to a packet, and the fronts that are asked."""
