"""The e-mail API on Falcon and Pony, and the engine that delivers what it accepts; it knows nothing of the simulator.

Rooms: ``api`` is what the document says, ``mail`` the message and its signatures, ``domains`` whose mail it may be,
``delivery`` the way to the recipient's server, ``pony_store`` what is kept. Beside them lies what all of them share:
``records`` (the words), ``store`` and ``ports`` (what is asked of the outside), ``clock`` and ``due_loop``. Start
reading at ``justemails.api.app``.
"""
