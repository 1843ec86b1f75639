"""Archiving: what keeps the archive findable (`cataloguing`) and shows that it is whole (`scrub`,
`soundness`)."""
