"""The reference server and delivery engine of the e-mail API. Start reading at ``justemails.app``."""
