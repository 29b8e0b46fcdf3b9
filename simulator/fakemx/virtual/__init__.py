"""Virtual time: an event loop whose clock jumps, with a network in memory."""
