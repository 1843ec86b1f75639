"""Knowing: where things stand (`records`), what happens (`events`), what needs somebody (`attention`), how
many there are (`statistics`), and what was once exchanged (`finding`)."""
