"""The lab: any program, run inside the fake internet, in a private network of its own."""
