"""Pictures of lessons: small SVGs, each readable without the text around it, in grey, and as text."""
