"""The sandbox: the reference on a fake mail internet, with a clock that can be moved and a control API.

What it is not: the pages (``justemails_dashboard``), and the command that serves both (``justemails_command``). Start
reading at ``sandbox``, which makes all of it; ``mail_side`` has the engine and the network, ``control`` the control
API, ``lab`` the same network for programs of others.
"""
