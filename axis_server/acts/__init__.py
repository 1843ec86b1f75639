"""What operators do, kept and provable: `acting` keeps each act with its change, `effective` tells when the
axis starts with other settings, `known` finds keys that acts name and this machine lacks, `standing` holds
what is kept against the axis's seal and its log.
"""
