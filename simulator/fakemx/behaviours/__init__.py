"""How a domain treats mail: scripts, the catalogue of them, their written form, and who behaves how."""
