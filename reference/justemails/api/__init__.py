"""The six operations of the API document, as a WSGI application.

Everything here can be held against a sentence of ``contracts/api-document.md``. What it is not: an HTTP server, which
calls the application, and a way to send mail, which begins where a message is stored. Start reading at ``app``, the
route table; ``auth`` says what is checked before a handler, ``handlers`` what each operation does.
"""
