"""What the operator does beside running the axis: the commands, and what they do.

running                   one process, or several on one port
provision, authority      the first set-up: a ready axis with a test CA
checkconfig, oddities     what is wrong, or hardly meant, found before the port opens
doctor, diagnosis         what is wrong with an axis that runs or does not
agency with listing, delegating, importing; registry with particulars, rollcall, doubts
                          the directory of agencies: commands; the acts behind them
group, grouping           the same for groups
rollover                  keys and certificates that follow each other
auditing                  what operators did
limiting                  who is held back, and who may have more
overview                  what needs somebody, and how much there is
backup, verifystore, checkstore, scrubbing, sweeping, renewing
                          the stores
terminal                  how the commands speak
"""
