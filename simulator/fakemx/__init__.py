"""A fake mail internet: DNS and MX hosts that misbehave on demand, on real loopback sockets."""
