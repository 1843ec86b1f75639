"""What operators do, kept and provable: `acting` keeps each act with its change, `effective` tells when the
axis starts with other settings. `transparency.acts` holds what is kept against the seal and the log.
"""
