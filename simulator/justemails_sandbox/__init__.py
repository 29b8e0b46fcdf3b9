"""The composition root: the sandbox server, its control API and the ``justemails`` command."""
