"""What the operator does beside running the axis.

provision, authority     the first set-up: a ready axis with a test CA
registry, agency         acts on the directory of agencies, and their commands
checkconfig              what is wrong, found before the port opens
terminal                 how the commands speak
"""
