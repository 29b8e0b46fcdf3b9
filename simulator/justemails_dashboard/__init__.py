"""The dashboard: pages that show what happened to each mail, and let the fake internet and its clock be moved by hand.

Rendered here, by Jinja2. A page works without a script; with one (htmx) its live part is asked for once a second, and
the answer is 204 while nothing has changed. Nothing is fetched from outside, and nothing is kept here: all that a page
shows is the sandbox's. Start reading at ``app``, the route table; ``pages`` renders, and ``views`` has a module for
each page.
"""
