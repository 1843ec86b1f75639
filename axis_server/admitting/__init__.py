"""Admitting: who gets in, and whom the axis trusts, as its files say now."""
