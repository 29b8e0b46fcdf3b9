"""The ``justemails`` command, on top of everything: it alone knows the sandbox, its pages and the simulation.

Start reading at ``cli``; each subcommand is a module of ``commands``, loaded when it is called. ``serving`` puts the
API, the control API and the pages on one port.
"""
