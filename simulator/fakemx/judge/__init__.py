"""What a careful receiver thinks of a mail: DKIM, SPF and DMARC."""
